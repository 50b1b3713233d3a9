package commands

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport/commands/kind"
)

// asterisks stand where a secret is not shown.
const asterisks = "******"

// WithoutSecret returns a line as it may be shown: what follows a word that may
// mean pre-shared-key or a password shows as asterisks, unless it is one in its
// stored form. The line may be abbreviated, misspelt, refused, or commented out: in doubt it
// is hidden. So are the secrets of other boxes' commands.
func WithoutSecret(line string) string {
	at := secretAt(line)
	if at < 0 || strings.TrimSpace(line[at:]) == "" || isStored(line[at:]) {
		return line
	}
	if end := manualKeyAt(line); end > 0 {
		return line[:end] + asterisks
	}
	return line[:at] + " " + asterisks
}

// manualKeyLine is a line with the key of a manual SA as far as the key, spelt in full. In
// any other line what stands there may be part of a secret.
var manualKeyLine = regexp.MustCompile(`^ *sa +(string-key|authentication-hex|encryption-hex) +(inbound|outbound) +(esp|ah) +((cipher|simple) +)?`)

// manualKeyAt returns where the key of a manual SA begins in a line, or 0: only what
// comes before it tells such lines apart.
func manualKeyAt(line string) int {
	end := len(manualKeyLine.FindString(line))
	if strings.TrimSpace(line[end:]) == "" {
		return 0 // what was taken for a word may be the key
	}
	return end
}

// withoutSecrets returns a file as it may be shown.
func withoutSecrets(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(visible(WithoutSecret(strings.TrimRight(line, "\r\n"))) + "\n")
	}
	return b.String()
}

// visible makes what steers a terminal instead of being shown \xNN: a file may be by
// any hand.
func visible(text string) string {
	if !strings.ContainsFunc(text, hides) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		if hides(r) || r == utf8.RuneError && n == 1 {
			b.WriteString(printable(text[:n], longestFileLine))
		} else {
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	return b.String()
}

// hides reports whether a character is none that is shown. A tab is.
func hides(r rune) bool { return r != '\t' && !unicode.IsPrint(r) }

// passwordHash is the stored form of a password, wherever it stands.
var passwordHash = regexp.MustCompile(`\$argon2id\$[^\s"\\]*`)

// withoutHashes returns a text without the stored forms of passwords: whoever has
// one can try words on it at home.
func withoutHashes(text string) string { return passwordHash.ReplaceAllLiteralString(text, asterisks) }

// WithoutPassword is WithoutSecret for what others read: passwords do not show in
// their stored form either.
func WithoutPassword(line string) string { return withoutHashes(WithoutSecret(line)) }

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
	secretStart = regexp.MustCompile(`^(pre.*|psk|simple|key|key-string)$`)

	// secretWord is a word that a secret follows wherever it stands: keyCommand
	// misspelt, and what is written before passwords and other boxes' keys.
	secretWord = regexp.MustCompile(`^(pre[-_]?shared.*|cipher|irreversible-cipher|pass|pass[wp].*|secre?t?s?|` +
		`(string|session|shared)-key|(encryption|authentication)-hex|community)$`)

	// userWord is what may follow a user's name and is followed by nothing secret.
	userWord = regexp.MustCompile(`^(pr[a-z]*|se[a-z-]*|s[te]?|st[a-z]*)$`)
)

// secretAt returns where in a line the part begins that may be secret, or -1.
func secretAt(line string) int {
	var before []string // the words so far, without undo
	rule := false
	for _, span := range lineWord.FindAllStringIndex(line, -1) {
		word := strings.ToLower(line[span[0]:span[1]])
		first := len(before) == 0
		switch {
		case word == "description" && (first || rule), word == "header" && first:
			return -1 // what follows is a person's text, which other displays show too
		case strings.HasPrefix(word, keyCommand): // perhaps with the key stuck to it
			return span[0] + len(keyCommand)
		case strings.HasPrefix(keyCommand, word) && (first || len(word) >= leastKeyWord),
			first && secretStart.MatchString(word), secretWord.MatchString(word), misspelt(word), secretAfter(before, word):
			return span[1]
		}
		if !first || word != "undo" && word != "no" {
			before = append(before, word)
		}
		rule = rule || first && word == "rule"
	}
	return -1
}

// secretAfter reports whether a secret follows a word because of those before it:
// an abbreviation of "password" and the like.
func secretAfter(before []string, word string) bool {
	short := func(w, of string, least int) bool { return len(w) >= least && strings.HasPrefix(of, w) }
	isPassword := short(word, "password", 1) || short(word, "secret", 1)
	switch len(before) {
	case 1:
		return isManualKey(before[0], word) || short(before[0], "super", 2) && word[0] > '9' || short(before[0], "enable", 2) && isPassword
	case 2:
		head, second := before[0], before[1]
		return short(head, "local-user", 1) && short(word, "password", 1) ||
			(short(head, "local-user", len("local-u")) || within(head, "local-user", 2)) && !userWord.MatchString(word) ||
			short(head, "set", 2) && short(second, "authentication", 1) ||
			short(head, "crypto", 2) && short(second, "isakmp", 1) && short(word, "key", 1) ||
			short(head, "username", len("user")) && isPassword
	case 0:
		return false
	}
	return short(before[0], "username", len("user")) && isPassword ||
		short(before[0], "client-authentication", len("cl")) && len(before) > 3 && isPassword ||
		word == "key" && (strings.HasPrefix(before[0], "radius") || strings.HasPrefix(before[0], "tacacs"))
}

// isManualKey reports whether two words may be `sa` and a word before a key of an SA, cut
// short or misspelt.
func isManualKey(first, word string) bool {
	if first != "s" && first != "sa" {
		return false
	}
	for _, form := range []KeyForm{StringKey, AuthenticationHex, EncryptionHex} {
		if strings.HasPrefix(form.String(), word) || len(word) >= leastKeyWord && within(word, form.String()[:min(len(word), len(form.String()))], 2) ||
			within(word, form.String(), 2) {
			return true
		}
	}
	return false
}

// misspelt reports whether a word is meant to be one that a secret follows, or the
// beginning of keyCommand.
func misspelt(word string) bool {
	begin := keyCommand[:min(len(word), len(keyCommand))]
	return len(word) > leastKeyWord && within(word, begin, 2) || len(word) >= len(keyCommand)-2 && within(word, keyCommand, 2) ||
		within(word, "password", 2) || within(word, "secret", 1)
}

// longestMeant is more than the length of all words that a misspelt one is
// compared with.
const longestMeant = 20

// within reports whether a becomes b by at most n slips of the finger: a letter
// too many, too few, wrong, or before its neighbour.
func within(a, b string, n int) bool {
	if len(a)-len(b) > n || len(b)-len(a) > n || len(b) >= longestMeant {
		return false
	}
	var before, above, row [longestMeant]int // slips up to each letter of b
	for j := range len(b) + 1 {
		above[j] = j
	}
	for i, least := 1, 0; i <= len(a); i++ {
		row[0] = i
		fewest := i
		for j := 1; j <= len(b); j++ {
			row[j] = min(above[j]+1, row[j-1]+1)
			switch {
			case a[i-1] == b[j-1]:
				row[j] = min(row[j], above[j-1])
			case i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1]:
				row[j] = min(row[j], above[j-1]+1, before[j-2]+1)
			default:
				row[j] = min(row[j], above[j-1]+1)
			}
			fewest = min(fewest, row[j])
		}
		if fewest > n && least >= n {
			return false
		}
		before, above, least = above, row, fewest
	}
	return above[len(b)] <= n
}

// keyForm is what may stand between the command and a key or password: the level or
// the SA that it is for, and how it is written.
var keyForm = regexp.MustCompile(`(?i)^(level +\d+ +|(in|out)[a-z]* +(esp|ah) +)?((c(i(p(h(er?)?)?)?)?|s(i(m(p(le?)?)?)?)?|irreversible-cipher) +)?`)

// plainForm is a keyForm that says that the key is in clear, whatever it looks like.
var plainForm = regexp.MustCompile(`(?i)(^| )s[a-z]* +$`)

// isStored reports whether what follows a command is a key or a password in its
// stored form, and nothing else. What is said to be in clear is not stored.
func isStored(argument string) bool {
	key := strings.Trim(argument, " ")
	form := keyForm.FindString(key)
	if plainForm.MatchString(form) {
		return false
	}
	key = key[len(form):]
	return hashed(key) || kind.Stored(key) && !strings.ContainsAny(key, " \t\r\"")
}
