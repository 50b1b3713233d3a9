package commands

import (
	"context"
	"crypto/rsa"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike/pki"
)

// Key pairs of IKE's. Those of the SSH server are others, which nothing here touches: no
// key serves two purposes.

// A keySort is what `rsa` or `ecc` stands for.
type keySort struct {
	typ         pki.KeyType
	size, about string // keyword of the size, and its help
	sizes       []int  // the first is the default
}

var keySorts = map[string]keySort{
	"rsa": {pki.RSA, "modulus", "Length of the key", []int{2048, 3072, 4096}},
	"ecc": {pki.ECDSA, "curve", "Size of the curve", []int{256, 384, 521}},
}

// createKeyPair is `pki rsa local-key-pair create` or its like.
type createKeyPair struct {
	sort string
	Name string
	Bits int
}

// destroyKeyPair is `pki rsa local-key-pair destroy` or its like, which asks.
type destroyKeyPair struct {
	sort string
	Name string
}

// keyPairRows make and destroy key pairs of a sort.
func keyPairRows(sort string) []grammar.Row[Config] {
	of := keySorts[sort]
	create, destroy := createKeyPair{sort: sort, Bits: of.sizes[0]}, destroyKeyPair{sort: sort}
	return management(
		grammar.Do[Config](managementLevel, create, keyPairPath[createKeyPair](sort, "create", helpCreatePair),
			grammar.Arg(pairName(), helpKeyPairName, func(k *createKeyPair) *string { return &k.Name }),
			grammar.Optional(grammar.Kw[createKeyPair](of.size, of.about), grammar.Arg(kind.OneNumber(of.sizes...), "Bits", func(k *createKeyPair) *int { return &k.Bits }))),
		grammar.Do[Config](managementLevel, destroy, keyPairPath[destroyKeyPair](sort, "destroy", helpDestroyPair),
			grammar.Arg(pairName(), helpKeyPairName, func(k *destroyKeyPair) *string { return &k.Name })))
}

func keyPairPath[T any](sort, word, help string) grammar.Element[T] {
	return grammar.Path[T]("pki", helpPKI, sort, helpOfKeys(sort), "local-key-pair", helpKeyPair, word, help)
}

// do makes the key without the owner's lock: a long one takes seconds.
func (k *createKeyPair) do(s *Session) Output {
	if err := s.pairFree(k.Name); err != nil {
		return s.refused(err)
	}
	return Output{Text: "Info: The key pair is being generated, please wait...\n", Long: func(ctx context.Context, print func(string)) error {
		key, err := s.device.GenerateKey(keySorts[k.sort].typ, k.Bits)
		if err != nil {
			return because(err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.exclusive(func() {
			if err = s.pairFree(k.Name); err == nil {
				err = s.kept(&PKIObject{Kind: PKIKeyPair, Name: k.Name, Key: key})
			}
		})
		if err == nil {
			print("Info: The key pair has been generated.\n")
		}
		return err
	}}
}

// pairFree refuses the name of a key pair that is there: its certificate would be lost with
// it.
func (s *Session) pairFree(name string) error {
	if s.objects().find(PKIKeyPair, name) != nil {
		return refuse("The key pair %s exists already: destroy it first, or take another name.", name)
	}
	return nil
}

// kept keeps objects.
func (s *Session) kept(objects ...*PKIObject) error {
	if err := s.device.KeepPKI(objects...); err != nil {
		return because(err)
	}
	return nil
}

func (k *destroyKeyPair) do(s *Session) Output {
	if err := k.possible(s); err != nil {
		return s.refused(err)
	}
	text := "Warning: The key pair " + k.Name + " will be destroyed for good. Continue? [Y/N]:"
	s.question = &question{text: text, unended: errUnanswered, yes: func(s *Session) Output {
		err := k.possible(s) // another session may have been at work meanwhile
		if err == nil {
			err = s.gone(PKIKeyPair, k.Name)
		}
		if err != nil {
			return s.refused(err)
		}
		return Output{Text: "Info: The key pair has been destroyed.\n"}
	}}
	return Output{}
}

// gone removes an object.
func (s *Session) gone(kind PKIKind, name string) error {
	if err := s.device.RemovePKI(kind, name); err != nil {
		return because(err)
	}
	return nil
}

// possible refuses what is not there, or is needed.
func (k *destroyKeyPair) possible(s *Session) error {
	all := s.objects()
	pair := all.find(PKIKeyPair, k.Name)
	if pair == nil || sortOf(pair) != k.sort {
		return refuse("The key pair does not exist.")
	}
	for _, o := range all.of(PKICertificate) {
		if pair.has(o.Certificates[0]) {
			return refuse("The key pair is that of local certificate %s.", o.Name)
		}
	}
	for _, d := range values(s.running.config.PKIDomains, strings.Compare) {
		if d.KeyPair == k.Name {
			return refuse("The key pair is being used by PKI domain %s.", d.Name)
		}
	}
	return nil
}

// sortOf returns the word for a key pair's sort.
func sortOf(pair *PKIObject) string {
	if _, is := pair.Key.Public().(*rsa.PublicKey); is {
		return "rsa"
	}
	return "ecc"
}

// importKey is `pki import rsa-key-pair` or its like.
type importKey struct {
	sort       string
	Name, File string
}

func importKeyRow(sort string) grammar.Row[Config] {
	kw := grammar.Kw[importKey]
	return grammar.Do[Config](managementLevel, importKey{sort: sort},
		grammar.Path[importKey]("pki", helpPKI, "import", helpImport, sort+"-key-pair", "Key pair of "+strings.ToUpper(sort)),
		grammar.Arg(pairName(), helpKeyPairName, func(k *importKey) *string { return &k.Name }),
		grammar.OneOf(kw("pem", "As text"), kw("der", "As octets")),
		grammar.Arg(keyFile(), helpPKIFile, func(k *importKey) *string { return &k.File }))
}

func (k *importKey) do(s *Session) Output {
	if err := s.pairFree(k.Name); err != nil {
		return s.refused(err)
	}
	data, err := s.device.ReadFlash(k.File)
	if err != nil {
		return s.refused(because(err))
	}
	defer clear(data)
	key, err := pki.ParseKey(data)
	if err != nil {
		return s.refused(refuse("%s cannot be imported: %v.", k.File, err))
	}
	pair := &PKIObject{Kind: PKIKeyPair, Name: k.Name, Key: key}
	if got := sortOf(pair); got != k.sort {
		return s.refused(refuse("%s cannot be imported: it holds a key of %s.", k.File, strings.ToUpper(got)))
	}
	if err := s.kept(pair); err != nil {
		return s.refused(err)
	}
	return Output{Text: imported + s.leftBehind(k.File)}
}

// imported is VRP's answer to an import.
const imported = "Info: Import file successfully.\n"

// leftBehind warns of a key that is still in a file of the flash.
func (s *Session) leftBehind(file string) string {
	if !s.options.Interactive {
		return ""
	}
	return "Warning: " + file + " still holds the private key: delete it when it is not needed any more.\n"
}
