package commands

import (
	"strings"

	"sallyport/commands/grammar"
)

// A question waits for the next line.
type question struct {
	text   string // the prompt
	yes    func(*Session) Output
	read   func(s *Session, answer string) Output // if not nil, any line answers, and yes is not used
	hidden bool                                   // the answer is a secret

	unended error // if not nil, more lines belong to the command, and this is what is wrong without them
}

// errUnanswered is unended of a question that nobody may answer but the user: what
// it asks about destroys something.
var errUnanswered = refuse("The question was not answered with Y or N: nothing was done.")

// askAgain is the prompt after an answer that was none.
const askAgain = "Error: Please choose 'YES' or 'NO' first before pressing 'Enter'. [Y/N]:"

// answers are what a question takes, in lower case.
var answers = map[string]bool{"y": true, "yes": true, "n": false, "no": false}

// IsAnswer reports whether a line answers a question.
func IsAnswer(line string) bool {
	_, is := answerOf(line)
	return is
}

// answerOf reads an answer.
func answerOf(line string) (yes, is bool) {
	yes, is = answers[strings.ToLower(strings.TrimSpace(line))]
	return yes, is
}

// answer closes the question, if one is open.
func (s *Session) answer(yes bool) Output {
	q := s.question
	s.question = nil
	if !yes || q == nil || q.read != nil {
		return Output{}
	}
	return q.yes(s)
}

// save is `save [FILE]`, and VRP's `save all`, which is the same as `save`. It asks first; in a script the answer may be left off.
type save struct{ File string }

func saveRow() grammar.Row[Config] {
	return grammar.Do[Config](3, save{}, grammar.Kw[save]("save", "Save the current configuration"),
		grammar.Optional(grammar.OneOf(
			grammar.Arg(configurationFile(), helpFile, func(a *save) *string { return &a.File }),
			grammar.Kw[save]("all", helpAll))))
}

// errTrial refuses what must not see the configuration of a trial.
var errTrial = refuse("A trial of the configuration is running. Confirm it with configuration commit or end it with abort trial, then save.")

func (a *save) do(s *Session) Output {
	if s.running.trial != nil {
		return s.refused(errTrial)
	}
	where := "the device"
	if a.File != "" {
		where = a.File
	}
	s.question = &question{text: " Are you sure to continue?[Y/N]:", yes: a.save}
	return Output{Text: " Warning: The current configuration will be written to " + where + ".\n"}
}

// save writes the file. Between question and answer another session may have begun
// a trial.
func (a *save) save(s *Session) Output {
	if s.running.trial != nil {
		return s.refused(errTrial)
	}
	s.point("")
	if err := s.device.Save(a.File, s.running.config.Render(s.device.Seal)); err != nil {
		return s.refused(refuse("The configuration was not saved: %v.", err))
	}
	return Output{Text: "  It will take several minutes to save configuration file, please wait...\n" +
		"  Configuration file had been saved successfully\n" +
		"  Note: The configuration file will take effect after being activated\n"}
}
