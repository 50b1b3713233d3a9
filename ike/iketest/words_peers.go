package iketest

import (
	"errors"
	"net/netip"
	"strings"

	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// Words of a host line about peers that are not one box at one address:
//
//	peer=any                    whoever has the key, anywhere
//	peer=10.0.0.1-10.0.0.9      whoever has it there
//	peer=192.0.2.2,192.0.2.3    one box; the second address is tried when the first does not answer
//	template=yes                the policy is an entry of a template; rule= may be left out
//	respond=yes                 `respond-only enable`
//	table=fqdn/a.test/KEY,any//KEY  the peer's user table: type, identity and key of each
//	identical=yes               `ipsec remote traffic-identical accept`

// setRemote reads the word peer into a policy.
func setRemote(policy *ike.Policy, text string) error {
	if text == "any" {
		return nil
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		first, last, _ = strings.Cut(text, ",")
	}
	remote, err := netip.ParseAddr(first)
	if err != nil {
		return err
	}
	policy.Peer.Remote = remote
	if last == "" {
		policy.Remote = remote
		return nil
	}
	other, err := netip.ParseAddr(last)
	if err != nil {
		return err
	}
	if isRange {
		policy.Peer.RemoteLast = other
		return nil
	}
	policy.Remote, policy.Peer.Backups = remote, []netip.Addr{other}
	return nil
}

// setParties reads the other words.
func (p *plan) setParties(c *ike.Config, policy *ike.Policy) {
	policy.Template = p.get("template") == "yes"
	policy.Respond = p.get("respond") == "yes"
	c.TrafficIdentical = p.get("identical") == "yes"
	if users := p.get("table"); users != "" {
		policy.Peer.UserTable, policy.Peer.Key = 1, nil
		c.UserTables = map[uint32]*ike.UserTable{1: readUsers(users)}
	}
}

// readUsers reads the word table.
func readUsers(text string) *ike.UserTable {
	table := &ike.UserTable{Number: 1}
	types := map[string]ike.IDType{"ip": ike.IDAddress, "fqdn": ike.IDFQDN, "user-fqdn": ike.IDUserFQDN, "any": ike.IDAny}
	for _, row := range strings.Split(text, ",") {
		kind, rest, _ := strings.Cut(row, "/")
		id, key, _ := strings.Cut(rest, "/")
		table.Users = append(table.Users, &ike.User{Name: id, IDType: types[kind], ID: id, Key: secret.Octets(key)})
	}
	return table
}

// addPolicy takes an instance of a policy, or refuses it as `refuse policy` has asked.
func (h *host) addPolicy(p *ipsec.Policy) error {
	if h.refusePolicy {
		h.refusePolicy = false
		h.session.log("%s  dataplane refuses policy %v", h.plan.name, p.ID)
		return errors.New("no room")
	}
	s, _ := ipsec.SelectorOf(p.ACL.Rules[0])
	h.session.log("%s  policy %v with %v: %v", h.plan.name, p.ID, p.Remote, s)
	return nil
}
