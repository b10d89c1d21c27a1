# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Reads metrics and prints what is wrong with them, by the grammar of OpenMetrics 1.0 and what the text format of Prometheus
# allows beside. Exits 1 when anything is. Only what this project writes is known: gauges with whole numbers.

function wrong(what) {
    printf "line %d: %s: %s\n", NR, what, $0
    findings++
}

# Takes name="value" off the front of `rest`; values have \\, \" and \n only.
function take_label(    name) {
    if (!match(rest, /^[a-zA-Z_][a-zA-Z0-9_]*="/)) return 0
    name = substr(rest, 1, RLENGTH - 2)
    if (name ~ /^__/ || (name in labels)) return 0
    labels[name] = 1
    rest = substr(rest, RLENGTH + 1)
    while (rest != "" && substr(rest, 1, 1) != "\"") {
        if (substr(rest, 1, 1) == "\\") {
            if (index("\\\"n", substr(rest, 2, 1)) == 0) return 0
            rest = substr(rest, 2)
        }
        rest = substr(rest, 2)
    }
    if (rest == "") return 0
    rest = substr(rest, 2)
    return 1
}

function check_sample(line,    series, name) {
    if (!match(line, /^[a-zA-Z_:][a-zA-Z0-9_:]*/)) { wrong("no name"); return }
    name = substr(line, 1, RLENGTH)
    rest = substr(line, RLENGTH + 1)
    if (name != family) wrong("not of the family '" family "'")
    split("", labels)
    if (substr(rest, 1, 1) == "{") {
        rest = substr(rest, 2)
        while (1) {
            if (!take_label()) { wrong("bad label"); return }
            if (substr(rest, 1, 1) == "}") break
            if (substr(rest, 1, 1) != ",") { wrong("bad end of a label"); return }
            rest = substr(rest, 2)
        }
        rest = substr(rest, 2)
    }
    series = substr(line, 1, length(line) - length(rest))
    if (series in seen) wrong("twice")
    seen[series] = 1
    if (rest !~ /^ [0-9]+$/) wrong("no number")
    samples++
}

ended { wrong("behind the end") }
/^$/ { wrong("empty line"); next }
/[[:cntrl:]]/ { wrong("control character") }
/^# EOF$/ { ended = 1; next }
/^# TYPE / {
    if (NF != 4 || $4 != "gauge") wrong("not a gauge")
    if ($3 in families) wrong("family that was before")
    if ($3 ~ /_(total|created|count|sum|bucket|gcount|gsum)$/) wrong("name of another type")
    families[$3] = 1
    family = $3
    unit = help = 0
    next
}
/^# UNIT / {
    if ($3 != family || unit++ || substr($3, length($3) - length($4)) != "_" $4) wrong("unit")
    next
}
/^# HELP / {
    if ($3 != family || help++ || NF < 4) wrong("help")
    if ($0 ~ /\\/) wrong("escape")
    next
}
/^#/ { wrong("comment"); next }
{ check_sample($0) }
END {
    if (!ended) { print "no end"; findings++ }
    if (!samples) { print "no samples"; findings++ }
    exit findings > 0
}
