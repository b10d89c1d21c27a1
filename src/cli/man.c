/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "man.h"

#include <ctype.h>
#include <string.h>

#include "hostsetting.h"

/* mandoc(1) wants no longer lines. */
#define LINE_MAX_COLUMNS 78

static const char head[] = ".\\\" SPDX-License-Identifier: LGPL-2.1-or-later\n"
                           ".\\\" Made by virt-profile knobs --format=man.\n"
                           ".Dd November 21, 2026\n"
                           ".Dt VIRT-PROFILE-KNOBS 7\n"
                           ".Os\n"
                           ".Sh NAME\n"
                           ".Nm virt-profile-knobs\n"
                           ".Nd settings of virt-profile\n"
                           ".Sh DESCRIPTION\n"
                           "A knob is one named setting that a profile, an override in a domain's\n"
                           "metadata or the option\n"
                           ".Fl -set\n"
                           "can make.\n"
                           "In a profile, see\n"
                           ".Xr virt-profile-profile 5 ,\n"
                           "the part before the dot is the section and the part behind it the key.\n"
                           "Every knob also takes\n"
                           ".Cm keep ,\n"
                           "which leaves the definition as it is and takes back what an extended\n"
                           "profile says.\n"
                           ".Pp\n"
                           "The effect of a knob says when its settings may change:\n"
                           ".Cm guest\n"
                           "only at a cold start,\n"
                           ".Cm launch\n"
                           "also when the guest is restored or arrives by migration,\n"
                           ".Cm live\n"
                           "at any time.\n"
                           "The effect\n"
                           ".Cm host\n"
                           "is outside the guest: it holds from before its start, or from when it runs,\n"
                           "until it has ended.\n"
                           "Guests on one host may want different things of it; who wins is said with the\n"
                           "knob.\n"
                           "When the last guest that wants a setting has ended, what was there before comes\n"
                           "back, unless somebody else has changed it since.\n"
                           ".Pp\n"
                           "Conditions that are part of a knob are in its description; what a\n"
                           "condition keeps from being set is reported by\n"
                           ".Cm virt-profile plan\n"
                           "with the reason.\n"
                           ".Sh KNOBS\n";

static const char tail[] = ".Sh SEE ALSO\n"
                           ".Xr virt-profile 1 ,\n"
                           ".Xr virt-profile-profile 5 ,\n"
                           ".Xr virt-profile-hook 8\n";

static void put_word(FILE *out, const char *word, size_t n, bool at_start)
{
    if (at_start && (*word == '.' || *word == '\''))
        fputs("\\&", out);
    for (size_t i = 0; i < n; i++) {
        if (word[i] == '\\')
            fputs("\\e", out);
        else
            fputc(word[i], out);
    }
}

/* Text as roff takes it literally, each sentence from a new line on, as mdoc wants it. */
static void put_text(FILE *out, const char *text, size_t column)
{
    bool sentence = false;

    while (*text != '\0') {
        size_t n = strcspn(text, " \n");
        bool fits = column + 1 + n <= LINE_MAX_COLUMNS;
        bool new_line = column > 0 && (!fits || (sentence && isupper((unsigned char)*text)));
        if (column > 0)
            fputc(new_line ? '\n' : ' ', out);
        put_word(out, text, n, column == 0 || new_line);
        column = (column == 0 || new_line ? 0 : column + 1) + n;
        sentence = n > 0 && strchr(".?!", text[n - 1]) != NULL;
        text += n + strspn(text + n, " \n");
    }
    fputc('\n', out);
}

static void put_knob(FILE *out, const struct vp_knob *knob)
{
    const struct vp_hostsetting *setting = vp_hostsetting_find(knob->name);
    vp_autofree char *accepts = vp_knob_accepts(knob);

    fprintf(out, ".It Cm %s\n", knob->name);
    put_text(out, knob->doc, 0);
    fputs(".br\nAccepts:", out);
    put_text(out, accepts, strlen("Accepts:"));
    fprintf(out, ".br\nEffect: %s\n", vp_effect_names[knob->effect]);
    if (setting != NULL)
        fprintf(out, ".br\nFile:\n.Pa %s\n", setting->path);
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
