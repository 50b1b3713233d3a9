package commands

import (
	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// pkiActionRows act on what the box keeps of its PKI; they are none of the configuration.
func pkiActionRows() []grammar.Row[Config] {
	rows := append(keyPairRows("rsa"), keyPairRows("ecc")...)
	rows = append(rows, importKeyRow("rsa"), importKeyRow("ecc"), requestRow(), importListRow(), deleteListRow())
	for _, k := range certificateKinds {
		rows = append(rows, importCertificateRow(k), deleteCertificateRow(k), validateRow(k))
	}
	return rows
}

// certificateKinds are the kinds of object that are certificates, as typed.
var certificateKinds = []struct {
	kind PKIKind
	help string
}{{PKIAuthority, "Authorities"}, {PKICertificate, "Our own"}}

// A certificateKind is one of them.
type certificateKind = struct {
	kind PKIKind
	help string
}

// Help of keywords of these rows.
const (
	helpImport     = "Take a file into the PKI"
	helpFilename   = "File"
	helpPKIFile    = "Name of the file"
	helpOnlyDomain = "That it counts for; without, it counts for every one"
	helpList       = "Revocation list"
	helpValidate   = "Whether a certificate holds, and if not why"
	helpDeleteFile = "Delete certificates"
	helpImportFile = "Import certificates from a file"
	helpPKCS10     = "In the form of PKCS #10"
	helpPKCS12     = "Key and certificates in one file, with a password"
	helpShowFile   = "The one of a file"
)

// Names of files of the PKI, by what they hold.
func certificateFile() grammar.Kind[string] {
	return fileKind(".pem", ".cer", ".crt", ".der", ".p12", ".pfx", ".p7b")
}
func listFile() grammar.Kind[string]    { return fileKind(".crl", ".pem", ".der") }
func keyFile() grammar.Kind[string]     { return fileKind(".pem", ".der") }
func requestFile() grammar.Kind[string] { return fileKind(requestSuffix, ".p10") }

// PKISuffixes end the names of the PKI's files in the flash. Nothing else of the state folder
// ends so.
var PKISuffixes = []string{".pem", ".cer", ".crt", ".der", ".p12", ".pfx", ".p7b", ".crl", requestSuffix, ".p10"}

// flashFile is the name of any file of the flash.
func flashFile() grammar.Kind[string] {
	return fileKind(append([]string{".cfg", ".bat", ".txt"}, PKISuffixes...)...)
}

// requestSuffix ends the name of a request's file if none is given.
const requestSuffix = ".req"

// fileArg is `filename F`.
func fileArg[T any](k grammar.Kind[string], field func(*T) *string) grammar.Element[T] {
	return grammar.Sequence(grammar.Kw[T]("filename", helpFilename), grammar.Arg(k, helpPKIFile, field))
}

// domainArg is `domain D`.
func domainArg[T any](field func(*T) *string) grammar.Element[T] {
	return grammar.Sequence(grammar.Kw[T]("domain", helpPKIDomain), grammar.Arg(kind.Name(longestDomain, "pki domain"), helpDomain, field))
}

// objects returns what the box keeps.
func (s *Session) objects() pkiObjects { return s.device.PKIObjects() }

// knowsDomain refuses a domain that is not configured. An empty name is every one.
func (s *Session) knowsDomain(name string) error {
	if name != "" && s.running.config.PKIDomains[name] == nil {
		return refuse("The PKI domain does not exist.")
	}
	return nil
}
