package iketest

import (
	"embed"
	"fmt"
	"strings"

	"sallyport/ike"
	"sallyport/ike/pki"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// The words of a host line about who the ends are:
//
//	exchange=aggressive        main, aggressive or auto
//	auth=psk,rsa               the method of each ike proposal, or of all
//	localid=fqdn:hq.test       what we say that we are; remoteid= what the peer has to say
//	name=hq.test               `ike local-name`
//	cert=hq,hq-ec              our certificates, files of testdata; usecert=hq the one for this peer
//	ca=authority               whom we trust, a domain of the authority's name; domain= the only one for this peer

//go:embed testdata/*.pem
var certificates embed.FS

var exchangeModes = map[string]ike.ExchangeMode{"": ike.MainMode, "main": ike.MainMode, "aggressive": ike.AggressiveMode, "auto": ike.AutoMode}

var authMethods = map[string]wire.AuthMethod{
	"": wire.AuthPSK, "psk": wire.AuthPSK, "rsa": wire.AuthRSA, "ecdsa-256": wire.AuthECDSA256, "hybrid": wire.AuthHybridInitRSA,
}

var idTypes = map[string]ike.IDType{
	"": ike.IDAddress, "ip": ike.IDAddress, "fqdn": ike.IDFQDN, "user-fqdn": ike.IDUserFQDN, "dn": ike.IDDN, "key-id": ike.IDKeyID, "any": ike.IDAny,
}

// identities sets what these words say.
func (p *plan) identities(c *ike.Config) (err error) {
	if err := p.setMethods(c); err != nil {
		return err
	}
	c.LocalName = p.get("name")
	if c.Credentials, err = credentials(p.get("cert")); err != nil {
		return err
	}
	if c.Store, err = store(p.get("ca")); err != nil {
		return err
	}
	for _, policy := range c.Policies {
		if err := p.setPeer(policy.Peer); err != nil {
			return err
		}
	}
	return nil
}

// setMethods sets the method of each proposal; the last one is that of the others, too.
func (p *plan) setMethods(c *ike.Config) error {
	words := strings.Split(p.get("auth"), ",")
	for i, proposal := range c.Proposals {
		method, ok := authMethods[words[min(i, len(words)-1)]]
		if !ok {
			return fmt.Errorf("auth=%q: no such method", p.get("auth"))
		}
		proposal.Method = method
	}
	return nil
}

// setPeer sets the peer's part.
func (p *plan) setPeer(peer *ike.Peer) error {
	var known, known2, known3 bool
	local, localName, _ := strings.Cut(p.get("localid"), ":")
	remote, remoteName, _ := strings.Cut(p.get("remoteid"), ":")
	peer.Mode, known = exchangeModes[p.get("exchange")]
	peer.LocalIDType, known2 = idTypes[local]
	peer.RemoteIDType, known3 = idTypes[remote]
	if !known || !known2 || !known3 {
		return fmt.Errorf("exchange=%s localid=%s remoteid=%s has an unknown part", p.get("exchange"), p.get("localid"), p.get("remoteid"))
	}
	peer.LocalID, peer.RemoteName = localName, remoteName
	peer.Certificate, peer.Domain = p.get("usecert"), p.get("domain")
	if p.get("key") == "none" {
		peer.Key = nil
	}
	return nil
}

// credentials returns certificates of testdata with their keys, by their names, which a
// comma separates.
func credentials(names string) (map[string]*pki.Credential, error) {
	all := map[string]*pki.Credential{}
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == ',' }) {
		b, err := certificates.ReadFile("testdata/" + name + ".pem")
		if err != nil {
			return nil, err
		}
		key, err := pki.ParseKey(secret.Octets(b))
		if err != nil {
			return nil, err
		}
		chain, err := pki.ParseCertificates(b)
		if err != nil {
			return nil, err
		}
		if all[name], err = pki.NewCredential(chain, key); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// store returns a store with a domain for each authority of testdata that is named.
func store(names string) (*pki.Store, error) {
	var domains []pki.Domain
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == ',' }) {
		b, err := certificates.ReadFile("testdata/" + name + ".pem")
		if err != nil {
			return nil, err
		}
		authorities, err := pki.ParseCertificates(b)
		if err != nil {
			return nil, err
		}
		domains = append(domains, pki.Domain{Name: name, Authorities: authorities, Revocation: pki.RevocationNone})
	}
	return pki.NewStore(domains...)
}
