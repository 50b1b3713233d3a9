package commands

import (
	"path"
	"slices"
	"strings"

	"sallyport/commands/grammar"
)

// What Tab offers that is none of the configuration: files of the box, and objects of its PKI.

// Sorts of names for completion, with what follows: the suffixes of the files, the kind of the
// objects.
const (
	filesOf   = "file "
	objectsOf = "pki object "
)

// objectFile is the name of an object of a kind.
func objectFile(kind PKIKind) grammar.Kind[string] {
	k := certificateFile()
	if kind == PKIList {
		k = listFile()
	}
	k.Of = objectsOf + string(kind)
	return k
}

// offered returns what may be meant by the beginning of a name of a sort.
func (s *Session) offered(of string) []string {
	if suffixes, is := strings.CutPrefix(of, filesOf); is {
		return s.fileNames(strings.Fields(suffixes))
	}
	if kind, is := strings.CutPrefix(of, objectsOf); is {
		var names []string
		for _, o := range s.objects().of(PKIKind(kind)) {
			names = append(names, o.Name)
		}
		return names
	}
	return s.running.config.offered(of)
}

// fileNames returns the files of the box whose names have one of some suffixes. None are offered
// of a folder that cannot be read: the command will say so.
func (s *Session) fileNames(suffixes []string) (names []string) {
	files, err := s.device.List()
	if err != nil {
		return nil
	}
	for _, f := range files {
		if slices.Contains(suffixes, path.Ext(f.Name)) {
			names = append(names, f.Name)
		}
	}
	return names
}
