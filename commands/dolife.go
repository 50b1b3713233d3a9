package commands

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"sallyport/commands/grammar"
)

// The rows of the configuration's life: start-up files (dolife_startup.go),
// comparison (compare.go), rollback, trial, batch, and who changed what
// (journal.go).
func lifeUserRows() []grammar.Row[Config] {
	return append(startupRows(), fileRows()...)
}

func lifeAnywhereRows() []grammar.Row[Config] {
	rows := []grammar.Row[Config]{saveRow(), compareRow(), executeRow(), displayChangesRow(), displayPointsRow()}
	rows = append(rows, rollbackRows()...)
	rows = append(rows, trialRows()...)
	return append(rows, startupDisplayRows()...)
}

// Help of keywords that begin several of these rows.
const (
	helpConfiguration = "Configuration in force and its history"
	helpCommit        = "Confirm the configuration in force"
	helpTrial         = "Undo what follows unless it is confirmed in time"
	helpLast          = "The latest"
	helpFile          = "Name of the configuration file"
	helpSaved         = "Configuration that the next start uses"
)

// longestFile is the length of a file's name.
const longestFile = 64

// configurationFile is the name of a configuration file.
func configurationFile() grammar.Kind[string] { return fileKind(".cfg") }

// batchFile is the name of a file of commands.
func batchFile() grammar.Kind[string] { return fileKind(".cfg", ".bat", ".txt") }

func fileKind(suffixes ...string) grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{{Text: fmt.Sprintf("FILE<*%s>", strings.Join(suffixes, ",*"))}},
		Of:    filesOf + strings.Join(suffixes, " "),
		Read: func(words []string) (string, int, bool) {
			if !IsFileName(words[0]) || !slices.Contains(suffixes, path.Ext(words[0])) {
				return "", 0, false
			}
			return words[0], 1, true
		},
		Write: func(name string) string { return name },
	}
}

// IsFileName reports whether a file of the box may have that name: letters,
// digits, dots, underscores and hyphens, so that it never leads out of the folder,
// and no dot or hyphen at its beginning.
func IsFileName(name string) bool {
	if name == "" || len(name) > longestFile || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r > 'z' || !strings.ContainsRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-", r)
	})
}

// longestFileLine is the longest line of a configuration file in octets.
const longestFileLine = 4096

// CheckScript returns why a file's text is no script: it is not text, or has a
// line that is too long.
func CheckScript(text string) error {
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return errors.New("it is not text")
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if len(strings.TrimRight(line, "\r\n")) > longestFileLine {
			return fmt.Errorf("line %d is longer than %d characters", n, longestFileLine)
		}
	}
	return nil
}
