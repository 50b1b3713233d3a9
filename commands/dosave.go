package commands

import "strings"

// A question waits for the next line.
type question struct {
	text   string // the prompt
	yes    func(*Session) Output
	read   func(s *Session, answer string) Output // if not nil, any line answers, and yes is not used
	hidden bool                                   // the answer is a secret
}

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

// save is `save`. It asks first; in a script the answer may be left off.
type save struct{}

func (*save) do(s *Session) Output {
	s.question = &question{text: " Are you sure to continue?[Y/N]:", yes: (*Session).save}
	return Output{Text: " Warning: The current configuration will be written to the device.\n"}
}

func (s *Session) save() Output {
	if err := s.device.Save(s.running.config.Render(s.device.Seal)); err != nil {
		return s.refused(refuse("The configuration was not saved: %v.", err))
	}
	return Output{Text: "  It will take several minutes to save configuration file, please wait...\n" +
		"  Configuration file had been saved successfully\n" +
		"  Note: The configuration file will take effect after being activated\n"}
}
