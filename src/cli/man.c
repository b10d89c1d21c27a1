/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "man.h"

#include <ctype.h>
#include <string.h>

static const char head[] =
    ".\\\" SPDX-License-Identifier: LGPL-2.1-or-later\n"
    ".\\\" Made by virt-profile knobs --format=man.\n"
    ".Dd November 21, 2026\n"
    ".Dt VIRT-PROFILE-KNOBS 7\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm virt-profile-knobs\n"
    ".Nd settings of virt-profile\n"
    ".Sh DESCRIPTION\n"
    "A knob is one named setting that a profile, an override in a domain's metadata or the option\n"
    ".Fl -set\n"
    "can make.\n"
    "In a profile, see\n"
    ".Xr virt-profile-profile 5 ,\n"
    "the part before the dot is the section and the part behind it the key.\n"
    "Every knob also takes\n"
    ".Cm keep ,\n"
    "which leaves the definition as it is and takes back what an extended profile says.\n"
    ".Pp\n"
    "The effect of a knob says when its settings may change:\n"
    ".Cm guest\n"
    "only at a cold start,\n"
    ".Cm launch\n"
    "also when the guest is restored or arrives by migration,\n"
    ".Cm live\n"
    "at any time.\n"
    "Conditions that are part of a knob are in its description; what a condition keeps from being set is\n"
    "reported by\n"
    ".Cm virt-profile plan\n"
    "with the reason.\n"
    ".Sh KNOBS\n";

static const char tail[] = ".Sh SEE ALSO\n"
                           ".Xr virt-profile 1 ,\n"
                           ".Xr virt-profile-profile 5 ,\n"
                           ".Xr virt-profile-hook 8\n";

/* Text as roff takes it literally; each sentence on a line of its own, as mdoc wants it. */
static void put_text(FILE *out, const char *text)
{
    bool at_start = true;

    for (; *text != '\0'; text++) {
        if (at_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        at_start = false;
        if (*text == '\\') {
            fputs("\\e", out);
        } else if ((*text == '.' || *text == '?') && text[1] == ' ' && isupper((unsigned char)text[2])) {
            fprintf(out, "%c\n", *text);
            text++;
            at_start = true;
        } else {
            fputc(*text == '\n' ? ' ' : *text, out);
        }
    }
    fputc('\n', out);
}

static void put_knob(FILE *out, const struct vp_knob *knob)
{
    vp_autofree char *accepts = vp_knob_accepts(knob);

    fprintf(out, ".It Cm %s\n", knob->name);
    put_text(out, knob->doc);
    fputs(".br\nAccepts: ", out);
    put_text(out, accepts);
    if (knob->unit != NULL && knob->type != VP_TYPE_TEXT)
        fprintf(out, ".br\nUnit: %s\n", knob->unit);
    fprintf(out, ".br\nEffect: %s\n", vp_effect_names[knob->effect]);
}

void vp_man_knobs(FILE *out, const struct vp_registry *registry)
{
    const char *section = "";
    size_t length = 0;

    fputs(head, out);
    for (size_t i = 0; i < registry->n; i++) {
        const char *name = registry->knobs[i]->name;
        size_t n = strcspn(name, ".");
        if (n != length || strncmp(section, name, n) != 0) {
            fputs(length > 0 ? ".El\n" : "", out);
            fprintf(out, ".Ss Section %.*s\n.Bl -tag -width indent\n", (int)n, name);
            section = name;
            length = n;
        }
        put_knob(out, registry->knobs[i]);
    }
    fputs(length > 0 ? ".El\n" : "", out);
    fputs(tail, out);
}
