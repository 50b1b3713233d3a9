package main

import (
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ike/pki"
	"sallyport/ipsec/secret"
	"sallyport/platform/store"
)

// pkiFolder is in the state folder; it has a folder for each kind of object.
const pkiFolder = "pki"

// mostFlash bounds a file that is imported, in octets: a revocation list may have as much.
const mostFlash = 16 << 20

// A vault keeps the key pairs, certificates and revocation lists of the box, readable by its
// owner alone, as the host keys of SSH are. What they come to with the configuration's domains
// goes to the engine: see trusting.
type vault struct {
	engine engine
	folder string // the state folder
	log    *logbook

	mu      sync.Mutex            // over what follows
	objects []*commands.PKIObject // by kind and name; never changed, only replaced
	wanted  *commands.Config      // whose domains count; nil: none yet
	trust   *commands.Trust       // of wanted and objects
	sent    *ike.Config           // that the engine has, without trust; nil: none yet
	told    map[string]bool       // faults that were said
}

var _ commands.PKI = (*vault)(nil)

// openVault reads the objects. One that cannot be read is told and left out.
func openVault(state string, e engine, log *logbook) *vault {
	v := &vault{engine: e, folder: state, log: log, trust: &commands.Trust{}, told: map[string]bool{}}
	for _, kind := range commands.PKIKinds {
		v.objects = append(v.objects, v.read(kind)...)
	}
	slices.SortFunc(v.objects, commands.ComparePKI)
	return v
}

// path is the path of an object, or of the folder of its kind.
func (v *vault) path(kind commands.PKIKind, name string) string {
	return filepath.Join(v.folder, pkiFolder, string(kind), name)
}

// read returns the objects of a kind.
func (v *vault) read(kind commands.PKIKind) (all []*commands.PKIObject) {
	if err := store.Tidy(v.path(kind, "")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.log.note(pkiFault, "%s cannot be tidied: %v", v.path(kind, ""), err)
	}
	entries, err := os.ReadDir(v.path(kind, ""))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.log.note(pkiFault, "%v", err)
	}
	for _, e := range entries {
		o, err := v.readOne(kind, e.Name())
		if err != nil {
			v.log.note(pkiFault, "%s is left out: %v", v.path(kind, e.Name()), err)
			continue
		}
		all = append(all, o)
	}
	return all
}

func (v *vault) readOne(kind commands.PKIKind, name string) (*commands.PKIObject, error) {
	if !commands.IsFileName(name) {
		return nil, fmt.Errorf("no object has that name")
	}
	if kind == commands.PKIKeyPair {
		if err := ownerOnly(v.path(kind, name)); err != nil {
			return nil, err
		}
	}
	text, err := readPlain(v.path(kind, name))
	if err != nil {
		return nil, err
	}
	return commands.ParsePKIObject(kind, name, text)
}

// readPlain reads a file that is none of the kinds that would keep the reader waiting.
func readPlain(path string) (secret.Octets, error) {
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("it is no file")
	case info.Size() > mostFlash:
		return nil, fmt.Errorf("it has %d octets, want at most %d", info.Size(), mostFlash)
	}
	return store.Read(path)
}

// PKIObjects returns the objects.
func (v *vault) PKIObjects() []*commands.PKIObject {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.objects
}

// KeepPKI keeps objects and puts them in force.
func (v *vault) KeepPKI(objects ...*commands.PKIObject) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	defer v.renew()
	for _, o := range objects {
		if err := v.write(o); err != nil {
			return err
		}
		all := append(without(v.objects, o.Kind, o.Name), o)
		slices.SortFunc(all, commands.ComparePKI)
		v.objects = all
	}
	return nil
}

// write writes an object's file.
func (v *vault) write(o *commands.PKIObject) error {
	if !commands.IsFileName(o.Name) {
		return fmt.Errorf("an object cannot have the name %q", o.Name)
	}
	text, err := o.Text()
	if err != nil {
		return err
	}
	defer clear(text)
	if err := os.MkdirAll(v.path(o.Kind, ""), 0o700); err != nil {
		return err
	}
	return store.Write(v.path(o.Kind, o.Name), text)
}

// without returns a list without an object.
func without(all []*commands.PKIObject, kind commands.PKIKind, name string) []*commands.PKIObject {
	return slices.DeleteFunc(slices.Clone(all), func(o *commands.PKIObject) bool { return o.Kind == kind && o.Name == name })
}

// RemovePKI removes an object for good.
func (v *vault) RemovePKI(kind commands.PKIKind, name string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := store.Remove(v.path(kind, name)); err != nil {
		return err
	}
	v.objects = without(v.objects, kind, name)
	v.renew()
	return nil
}

// GenerateKey makes a key.
func (v *vault) GenerateKey(t pki.KeyType, bits int) (crypto.Signer, error) {
	return pki.GenerateKey(t, bits)
}

// ReadFlash returns a file of the state folder.
func (v *vault) ReadFlash(name string) (secret.Octets, error) {
	if !commands.IsFileName(name) || name == sealFile {
		return nil, fmt.Errorf("the file %s does not exist", name)
	}
	text, err := readPlain(filepath.Join(v.folder, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the file %s does not exist", name)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}

// WriteFlash writes a file of the state folder.
func (v *vault) WriteFlash(name string, data []byte) error {
	if !commands.IsFileName(name) || name == sealFile {
		return fmt.Errorf("a file cannot have the name %q", name)
	}
	return store.Write(filepath.Join(v.folder, name), data)
}

// AskResponder asks an OCSP responder.
func (v *vault) AskResponder(url string, request []byte) ([]byte, error) {
	return askResponder(url, request)
}
