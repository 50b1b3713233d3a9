package commands

import (
	"cmp"
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"sallyport/ike/pki"
	"sallyport/ipsec/secret"
)

// fakePKI is the PKI of a fakeDevice. Its flash is testdata/pki, and its keys are made
// there too: what a transcript shows must not change.
type fakePKI struct {
	objects []*PKIObject
	flash   map[string][]byte // what was written
	faulty  error             // of what keeps and removes; nil: nothing is wrong
	asked   []string          // URLs of responders
}

func (d *fakePKI) PKIObjects() []*PKIObject { return d.objects }

func (d *fakePKI) KeepPKI(objects ...*PKIObject) error {
	if d.faulty != nil {
		return d.faulty
	}
	for _, o := range objects {
		text, err := o.Text()
		if err != nil {
			return err
		}
		if o, err = ParsePKIObject(o.Kind, o.Name, text); err != nil {
			return err
		}
		d.objects = append(without(d.objects, o.Kind, o.Name), o)
	}
	slices.SortFunc(d.objects, ComparePKI)
	return nil
}

func without(all []*PKIObject, kind PKIKind, name string) []*PKIObject {
	return slices.DeleteFunc(slices.Clone(all), func(o *PKIObject) bool { return o.Kind == kind && o.Name == name })
}

func (d *fakePKI) RemovePKI(kind PKIKind, name string) error {
	d.objects = without(d.objects, kind, name)
	return d.faulty
}

// GenerateKey returns the one that there is of a type.
func (d *fakePKI) GenerateKey(t pki.KeyType, bits int) (crypto.Signer, error) {
	if bits != 2048 && bits != 256 {
		return nil, fmt.Errorf("no %v key of %d bits is at hand", t, bits)
	}
	text, err := os.ReadFile(filepath.Join("..", "testdata", "pki", map[pki.KeyType]string{pki.RSA: "gw-key.pem", pki.ECDSA: "ecc-key.pem"}[t]))
	if err != nil {
		return nil, err
	}
	return pki.ParseKey(text)
}

func (d *fakePKI) ReadFlash(name string) (secret.Octets, error) {
	if data, is := d.flash[name]; is {
		return data, nil
	}
	data, err := os.ReadFile(filepath.Join("..", "testdata", "pki", name))
	if err != nil {
		return nil, fmt.Errorf("the file %s does not exist", name)
	}
	return data, nil
}

func (d *fakePKI) WriteFlash(name string, data []byte) error {
	if d.flash == nil {
		d.flash = map[string][]byte{}
	}
	d.flash[name] = data
	return d.faulty
}

func (d *fakePKI) AskResponder(url string, _ []byte) ([]byte, error) {
	d.asked = append(d.asked, url)
	return nil, cmp.Or(d.faulty, errors.New("nobody answers"))
}
