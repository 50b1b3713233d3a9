package commands

import (
	"regexp"
	"strings"

	"sallyport/commands/kind"
)

// asterisks stand where a secret is not shown.
const asterisks = "******"

// WithoutSecret returns a line as it may be shown: what follows a word that may
// mean pre-shared-key shows as asterisks, unless it is a key in its stored form.
// The line may be abbreviated, misspelt, refused, or commented out: in doubt it
// is hidden. So are the secrets of other boxes' commands.
func WithoutSecret(line string) string {
	at := secretAt(line)
	if at < 0 || strings.TrimSpace(line[at:]) == "" || isStored(line[at:]) {
		return line
	}
	return line[:at] + " " + asterisks
}

// withoutSecrets returns a file as it may be shown.
func withoutSecrets(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(WithoutSecret(strings.TrimRight(line, "\r\n")) + "\n")
	}
	return b.String()
}

// keyCommand is the command whose argument is a secret.
const keyCommand = "pre-shared-key"

// leastKeyWord is the length from which an abbreviation of keyCommand is taken
// for it even if it is not the line's first word.
const leastKeyWord = len("pre-s")

var (
	// lineWord is a word, whatever quotes it or comments it out.
	lineWord = regexp.MustCompile(`[0-9A-Za-z][0-9A-Za-z_-]*`)

	// secretStart is a first word that may be keyCommand misspelt, or the second
	// half of a key's line that was broken in two.
	secretStart = regexp.MustCompile(`^(pre.*|psk|simple)$`)

	// secretWord is a word that a secret follows wherever it stands: keyCommand
	// misspelt, and what other boxes write before theirs.
	secretWord = regexp.MustCompile(`^(pre[-_]?shared.*|cipher|irreversible-cipher|password)$`)
)

// secretAt returns where in a line the part begins that may be secret, or -1.
func secretAt(line string) int {
	first, rule := true, false
	for _, span := range lineWord.FindAllStringIndex(line, -1) {
		word := strings.ToLower(line[span[0]:span[1]])
		switch {
		case word == "description" && (first || rule):
			return -1 // what follows is a person's text, which other displays show too
		case strings.HasPrefix(word, keyCommand): // perhaps with the key stuck to it
			return span[0] + len(keyCommand)
		case strings.HasPrefix(keyCommand, word) && (first || len(word) >= leastKeyWord),
			first && secretStart.MatchString(word), secretWord.MatchString(word):
			return span[1]
		}
		first, rule = first && word == "undo", rule || first && word == "rule"
	}
	return -1
}

// keyForm is the word before a key that says how it is written.
var keyForm = regexp.MustCompile(`(?i)^(c(i(p(h(er?)?)?)?)?|s(i(m(p(le?)?)?)?)?) +`)

// isStored reports whether an argument of keyCommand is a key in its stored
// form, and nothing else.
func isStored(argument string) bool {
	key := strings.Trim(argument, " ")
	key = key[len(keyForm.FindString(key)):]
	return kind.Stored(key) && !strings.ContainsAny(key, " \t\r\"")
}
