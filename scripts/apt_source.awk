# Prints the part of an apt source file that serves a Debian suite, so that a
# sibling suite of the same mirror, signed by the same key, can be added.
#   -v deb822=1  the file is in deb822 form (.sources), else one line a source
#   -v have=RE   take sources whose suite matches, with the component main
#   -v want=S    write S as the suite; "" keeps the suites that matched
#   -v nth=N     print only the Nth such source; 0 prints all
# Exit code 1 when nothing was printed.

BEGIN {
  if (deb822) {
    RS = ""
    FS = "\n"
  }
}

function chosen() {
  ++found
  if (nth != 0 && nth != found) return 0
  ++printed
  return 1
}

# The words of `text` that match `have`, or `want` in their place.
function suites_of(text, words, n, i, kept) {
  n = split(text, words, /[ \t\n]+/)
  for (i = 1; i <= n; ++i)
    if (words[i] ~ "^(" have ")$") kept = kept " " words[i]
  return kept != "" && want != "" ? " " want : kept
}

function has_main(text) { return (" " text " ") ~ /[ \t\n]main[ \t\n]/ }

deb822 {
  split("", value)
  rest = field = ""
  for (i = 1; i <= NF; ++i) {
    if ($i ~ /^#/) continue
    text = $i
    if (text !~ /^[ \t]/) {
      field = tolower(substr(text, 1, index(text, ":") - 1))
      text = substr(text, index(text, ":") + 1)
    }
    value[field] = value[field] " " text
    if (field !~ /^(types|suites|components|enabled)$/) rest = rest $i "\n"
  }
  suites = suites_of(value["suites"])
  if (suites == "" || !has_main(value["components"])) next
  if (tolower(value["enabled"]) ~ /no|false|off/) next
  if ((" " value["types"] " ") !~ /[ \t]deb[ \t]/) next
  if (chosen()) print "Types: deb\nSuites:" suites "\nComponents: main\n" rest
}

!deb822 && $1 == "deb" {
  sub(/#.*/, "")
  options = ""
  at = 2
  if ($2 ~ /^\[/) {
    do options = options $at " "; while ($(at++) !~ /\]$/ && at <= NF)
  }
  suites = suites_of($(at + 1))
  components = ""
  for (i = at + 2; i <= NF; ++i) components = components " " $i
  if (suites == "" || !has_main(components)) next
  if (chosen()) print "deb " options $at suites " main"
}

END { exit printed == 0 }
