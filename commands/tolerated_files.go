package commands

import (
	"slices"

	"sallyport/commands/grammar"
)

// toleratedUserRows are those of user view: VRP's commands about files, and `reboot`.
func toleratedUserRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		grammar.Do[Config](3, remark{text: "flash:/"}, grammar.Kw[remark]("pwd", "Name of the folder")),
		grammar.Do[Config](1, more{}, grammar.Kw[more]("more", "Display a file"),
			grammar.Arg(batchFile(), helpFile, func(a *more) *string { return &a.File })),
		grammar.Do[Config](3, copyFile{}, grammar.Kw[copyFile]("copy", "Copy a file"),
			grammar.Arg(configurationFile(), helpFile, func(a *copyFile) *string { return &a.From }),
			grammar.Arg(configurationFile(), "Name of the copy", func(a *copyFile) *string { return &a.To })),
		grammar.Do[Config](3, reboot{}, grammar.Kw[reboot]("reboot", "Restart the box")),
	}
}

// more is `more FILE`. Secrets in clear are hidden.
type more struct{ File string }

func (a *more) do(s *Session) Output {
	text, err := s.device.Read(a.File)
	if err != nil {
		return s.refused(because(err))
	}
	return Output{Display: layout(func() string { return withoutSecrets(text) })}
}

// copyFile is `copy FILE FILE`. It asks nothing, and therefore writes over nothing.
type copyFile struct{ From, To string }

func (a *copyFile) do(s *Session) Output {
	text, err := s.device.Read(a.From)
	if err != nil {
		return s.refused(because(err))
	}
	all, err := s.device.List()
	if err != nil {
		return s.refused(because(err))
	}
	if slices.ContainsFunc(all, func(f File) bool { return f.Name == a.To }) {
		return s.refused(refuse("The file %s exists. Delete it first.", a.To))
	}
	if err := s.device.Save(a.To, text); err != nil {
		return s.refused(refuse("The file was not copied: %v.", err))
	}
	return Output{Text: "Info: Copied file " + a.From + " to " + a.To + ".\n"}
}

// reboot is `reboot`: a program that ends itself is started again by nobody it knows.
type reboot struct{}

func (*reboot) do(s *Session) Output {
	return s.refused(refuse("The box cannot restart itself. Save, then restart the program sallyport on its host."))
}
