package config

import (
	"regexp"
	"strings"
)

var (
	envName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)[^}]*\}`)
)

// expand replaces ${NAME} and ${NAME:-default} in a text by what the environment says, the
// default standing for a name that is unset or empty. $$ is a dollar sign, and so is any other
// $. It works on a value after YAML has been read, so that no variable can add to the
// structure. fail is told the offset of what is wrong.
func expand(text string, env func(string) (string, bool), fail func(offset int, format string, args ...any)) string {
	if !strings.Contains(text, "$") {
		return text
	}
	var b strings.Builder
	for at := 0; at < len(text); {
		rest := text[at:]
		switch {
		case strings.HasPrefix(rest, "$$"):
			b.WriteByte('$')
			at += 2
		case strings.HasPrefix(rest, "${"):
			end := strings.IndexByte(rest, '}')
			if end < 0 {
				fail(at, "${ has no }; a literal ${ is written $${")
				return b.String()
			}
			name, fallback, hasFallback := strings.Cut(rest[2:end], ":-")
			value, set := "", false
			switch {
			case !envName.MatchString(name):
				fail(at, "%q is no environment variable's name; a literal ${ is written $${", name)
			default:
				value, set = env(name)
				if hasFallback && value == "" {
					value, set = fallback, true
				}
				if !set {
					fail(at, "the environment variable %s is not set; set it, or write ${%s:-DEFAULT}", name, name)
				}
			}
			b.WriteString(value)
			at += end + 1
		default:
			b.WriteByte(text[at])
			at++
		}
	}
	return b.String()
}
