package commands

import (
	"fmt"
	"time"

	"sallyport/commands/grammar"
)

// fileRows are about the files of the box, in user view.
func fileRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		grammar.Do[Config](3, listFiles{}, grammar.Kw[listFiles]("dir", "List the files")),
		grammar.Do[Config](3, deleteFile{}, grammar.Kw[deleteFile]("delete", "Delete a file"),
			grammar.Arg(flashFile(), helpPKIFile, func(a *deleteFile) *string { return &a.File })),
	}
}

// listFiles is `dir`.
type listFiles struct{}

func (*listFiles) do(s *Session) Output {
	all, err := s.device.List()
	if err != nil {
		return s.refused(because(err))
	}
	return Output{Display: filesDisplay{inZone(s, all, func(f *File) *time.Time { return &f.Modified })}}
}

// A filesDisplay is `dir`.
type filesDisplay struct {
	Files []File `json:"files"`
}

func (d filesDisplay) text() string {
	var p page
	p.add("  Idx  Attr     Size(Byte)  Date        Time       FileName")
	for i, f := range d.Files {
		p.addf("%5d  -rw-  %13s  %s  %s", i, grouped(f.Size), f.Modified.Format("Jan 02 2006 15:04:05"), printable(f.Name, 255))
	}
	return p.text()
}

// grouped writes a number with a comma before every three digits.
func grouped(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// deleteFile is `delete FILE`, which asks.
type deleteFile struct{ File string }

func (a *deleteFile) do(s *Session) Output {
	if s.device.Startup().Next == a.File {
		return s.refused(refuse("The file is the one that the next start reads."))
	}
	s.question = &question{text: "Delete " + a.File + "?[Y/N]:", yes: a.delete, unended: errUnanswered}
	return Output{}
}

// delete looks once more whether the file is needed: another session may have
// chosen it meanwhile.
func (a *deleteFile) delete(s *Session) Output {
	if s.device.Startup().Next == a.File {
		return s.refused(refuse("The file is the one that the next start reads."))
	}
	if err := s.device.Delete(a.File); err != nil {
		return s.refused(because(err))
	}
	return Output{Text: "Info: Deleting file " + a.File + " succeeded.\n"}
}
