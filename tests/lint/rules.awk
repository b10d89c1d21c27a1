# SPDX-License-Identifier: LGPL-2.1-or-later
#
# awk -f rules.awk LIST: LIST names the files of the project, one a line. Prints FILE:LINE: RULE: message; exits 1 if any.

# where, except: patterns of paths. pattern: of a line of C without comments and without what is inside of strings.
function rule(name, where, except, pattern, message) {
    n_rules++
    rule_name[n_rules] = name
    rule_where[n_rules] = where
    rule_except[n_rules] = except
    rule_pattern[n_rules] = pattern
    rule_message[n_rules] = message
}

# A call of one of the functions.
function calls(names) {
    return "(^|[^A-Za-z0-9_.>])(" names ")[ ]*\\("
}

function declare_rules() {
    rule("numbers", "^(src|hooks|include)/", "^src/base/size\\.c$",
        calls("strto[a-z]+|ato[a-z]+|[vsf]*scanf"),
        "read numbers with vp_u64_parse(), vp_i64_parse() or vp_size_parse() of size.h")
    rule("unsafe", "^(src|hooks|include|tests)/", "^$",
        calls("strcpy|strcat|strncpy|strncat|v?sprintf|gets|strtok|alloca|mktemp|tmpnam|tempnam|stpcpy"),
        "build text with vp_asprintf() or struct vp_strbuf, and take it apart with strspn() and strcspn()")
    rule("shell", "^(src|hooks|include)/", "^$", calls("system|popen|wordexp"),
        "start no shell; do it with a system call or a library")
    rule("libxml", "^(src|hooks|include)/", "^src/model/xml/",
        "(^|[^A-Za-z0-9_])xml[A-Z][A-Za-z0-9]*[ ]*\\(|#[ ]*include <libxml/",
        "reach libxml2 through xml.h, which has the limits and the owners right")
    rule("libvirt", "^(src|hooks|include)/", "^src/virt/",
        "(^|[^A-Za-z0-9_])vir[A-Z][A-Za-z0-9]*[ ]*\\(|#[ ]*include <libvirt/",
        "a hook must not call libvirt: reach it through src/virt, which only the command line and the daemon link")
    rule("output", "^src/(base|model|knobs|host|virt)/", "^src/base/mem\\.c$",
        calls("v?f?printf|v?dprintf|f?puts|put?char|fputc|putc|perror|errx?|warnx?|error"),
        "the library never prints: return an error with vp_fail()")
    rule("exit", "^src/(base|model|knobs|host|virt)/", "^src/base/mem\\.c$",
        calls("_?_?[eE]xit|abort|quick_exit"),
        "the library never ends the program: return an error with vp_fail()")
    rule("log", "^src/(base|model|knobs|host|virt)/", "^src/base/log\\.c$", calls("vp_log|v?syslog"),
        "the library never logs: return an error with vp_fail() and let the program log it once")
    rule("environment", "^src/(base|model|knobs|host|virt|hook)/|^hooks/", "^$",
        calls("getenv|secure_getenv"),
        "the environment of a root process is no configuration: take a parameter")
    rule("memory", "^(src|hooks)/", "^src/base/(mem|strbuf|file)\\.c$",
        calls("malloc|calloc|reallocarray|strdup|strndup|v?asprintf"),
        "allocate with vp_alloc(), vp_strdup(), vp_asprintf() or vp_grow() of mem.h, which never give NULL")
    rule("goto", "^(src|hooks|include)/", "^$", "(^|[^A-Za-z0-9_])goto ",
        "clean up with VP_CLEANUP and return")
    rule("sleep", "^src/(base|model|knobs)/", "^$", calls("u?sleep|nanosleep|time|clock_gettime|gettimeofday|random|rand"),
        "planning is pure: no clock, no chance")
}

function finding(file, line, name, message) {
    printf "%s:%d: %s: %s\n", file, line, name, message
    findings++
}

# The line without comments, and with nothing between quotes. in_comment lives from line to line.
function code_of(line,    out, at, c, two) {
    out = ""
    for (at = 1; at <= length(line); at++) {
        c = substr(line, at, 1)
        two = substr(line, at, 2)
        if (in_comment) {
            if (two == "*/") {
                in_comment = 0
                at++
            }
        } else if (two == "/*") {
            in_comment = 1
            at++
            out = out " "
        } else if (c == "\"" || c == "'") {
            out = out c
            for (at++; at <= length(line) && substr(line, at, 1) != c; at++)
                if (substr(line, at, 1) == "\\")
                    at++
            out = out c
        } else
            out = out c
    }
    return out
}

# base is 1, programs are 6; 0 for what is in none.
function rank_of(path) {
    if (path ~ /^src\/base\//) return 1
    if (path ~ /^src\/model\//) return 2
    if (path ~ /^src\/knobs\//) return 3
    if (path ~ /^src\/host\//) return 4
    if (path ~ /^src\/virt\//) return 5
    if (path ~ /^(src\/(hook|cli|daemon)|hooks)\//) return 6
    return 0
}

# A header belongs to the layer whose local.mk names it.
function read_local_mk(file,    line, words, n, i, layer) {
    layer = file
    sub(/local\.mk$/, "", layer)
    while ((getline line < file) > 0) {
        if (line ~ /^[ \t]*#/)
            continue
        n = split(line, words, /[ \t]+/)
        for (i = 1; i <= n; i++)
            if (words[i] ~ /^include\/virt-profile\/.*\.h$/)
                layer_of[words[i]] = layer
    }
    close(file)
}

function check_include(file, number, line,    name, header, from, to) {
    if (line !~ /^[ \t]*#[ \t]*include[ \t]+"/)
        return
    name = line
    sub(/^[^"]*"/, "", name)
    sub(/".*/, "", name)
    header = "include/virt-profile/" name
    from = file in layer_of ? layer_of[file] : file
    if (header in exists)
        to = header in layer_of ? layer_of[header] : ""
    else
        to = name ~ /\// ? name : file
    if (name ~ /^src\//)
        finding(file, number, "include", "include a header by its name, not by its path")
    if (!rank_of(from) || !rank_of(to))
        return
    if (rank_of(to) > rank_of(from))
        finding(file, number, "layers", "'" name "' belongs to " to ", which is above: base, model, knobs, host, virt, programs")
    else if (rank_of(from) == 6 && rank_of(to) == 6 && substr(to, 1, 8) != substr(from, 1, 8))
        finding(file, number, "layers", "'" name "' belongs to another program; move what both need to a layer below")
}

function check_c(file,    line, number, code, i, active, n_active, start, name, previous) {
    in_comment = 0
    n_active = 0
    for (i = 1; i <= n_rules; i++)
        if (file ~ rule_where[i] && file !~ rule_except[i])
            active[++n_active] = i
    start = 0
    while ((getline line < file) > 0) {
        number++
        check_include(file, number, line)
        code = code_of(line)
        for (i = 1; i <= n_active; i++)
            if (code ~ rule_pattern[active[i]])
                finding(file, number, rule_name[active[i]], rule_message[active[i]])
        if (length(line) > 110 && line !~ /"/)
            finding(file, number, "columns", "at most 110 columns")
        if (line ~ /^\{/) {
            start = number
            name = previous
        } else if (line ~ /^\}/ && start) {
            if (number - start - 1 > 60)
                finding(file, start, "function", number - start - 1 " lines; at most 60: " name)
            start = 0
        }
        if (line ~ /^[A-Za-z_].*\(/)
            previous = line
    }
    close(file)
    if (number > 500)
        finding(file, number, "length", number " lines; at most 500: one concept, one file")
}

function check_any(file,    line, number, spdx, need) {
    need = file ~ /\.(c|h|sh|py|awk|am|ac|m4|mk|profile|spec|service|conf|toml|te|fc|bash|fish|[1-8])$/ ||
        file ~ /(^|\/)\.(clang-format|clang-tidy|gitignore|shellcheckrc)$|^packaging\/apparmor\//
    while ((getline line < file) > 0) {
        number++
        if (number <= 4 && line ~ /SPDX-License-Identifier: LGPL-2\.1-or-later/)
            spdx = 1
        if (number == 1 && line ~ /^#!/)
            need = 1
        if (line ~ /(^|[^A-Za-z0-9_.*}])\/(wor[k]|hom[e])\/[A-Za-z0-9_]/ && file !~ /^tests\/(model|knobs|cases|corpus)\//)
            finding(file, number, "path", "a path of one machine; use one below the tree, or /path/to/ in an example")
        if (line ~ /(^|[^A-Za-z])(TOD[O]|FIXM[E]|XX[X])([^A-Za-z]|$)/)
            finding(file, number, "unfinished", "finish it, or say what is missing in the documentation")
    }
    close(file)
    if (need && !spdx)
        finding(file, 1, "spdx", "begin with SPDX-License-Identifier: LGPL-2.1-or-later")
}

BEGIN {
    declare_rules()
    while ((getline file < ARGV[1]) > 0) {
        files[++n_files] = file
        exists[file] = 1
    }
    for (i = 1; i <= n_files; i++)
        if (files[i] ~ /local\.mk$/)
            read_local_mk(files[i])
    for (i = 1; i <= n_files; i++) {
        file = files[i]
        check_any(file)
        if (file ~ /\.[ch]$/)
            check_c(file)
        if (file ~ /^include\/virt-profile\/.*\.h$/ && !(file in layer_of))
            finding(file, 1, "owner", "name it in the local.mk of the layer it belongs to, beside its .c")
    }
    exit findings > 0
}
