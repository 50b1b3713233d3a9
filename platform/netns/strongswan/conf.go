package strongswan

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// conf returns the connection as swanctl.conf.
func (c Connection) conf() string {
	var s settings
	s.within("connections", func() {
		s.within(connection, func() { c.connection(&s) })
	})
	s.within("secrets", func() { c.secrets(&s) })
	if c.Pool != "" {
		s.within("pools", func() { s.within("pool", func() { c.pool(&s) }) })
	}
	return s.text.String()
}

func (c Connection) connection(s *settings) {
	s.set("version", "1")
	s.set("local_addrs", address(c.Local))
	s.set("remote_addrs", address(c.Remote))
	s.set("proposals", c.IKE)
	s.seconds("rekey_time", c.RekeyIKE, 24*time.Hour)
	s.set("rand_time", "0s")
	s.set("over_time", "60s")
	s.flag("aggressive", c.Aggressive)
	s.flag("encap", c.ForceEncap)
	s.some("unique", c.Unique)
	s.some("fragmentation", c.Fragmentation)
	s.period("reauth_time", c.ReauthIKE)
	s.period("dpd_delay", c.DPD)
	s.period("dpd_timeout", c.DPDTimeout)
	c.addresses(s)
	c.rounds(s)
	for _, line := range c.More {
		s.line(line)
	}
	s.within("children", func() {
		c.child(s, Traffic{Name: child, LocalTS: c.LocalTS, RemoteTS: c.RemoteTS})
		for _, t := range c.Children {
			c.child(s, t)
		}
	})
}

// addresses writes what an end gives or asks for in mode config.
func (c Connection) addresses(s *settings) {
	if c.Push {
		s.set("pull", "no")
	}
	s.some("vips", join(c.VIPs))
	if c.Pool != "" {
		s.set("pools", "pool")
	}
}

// rounds writes how each end proves who it is: one round, and a second one for the
// user of XAUTH.
func (c Connection) rounds(s *settings) {
	client, gateway := c.Role == Client, c.Role == Gateway
	s.within("local", func() {
		if c.Auth == Hybrid && client {
			c.user(s)
		} else {
			c.proof(s)
			c.ownCertificates(s)
		}
		s.some("id", quoted(c.LocalID))
	})
	s.within("remote", func() {
		if c.Auth == Hybrid && gateway {
			s.set("auth", "xauth-generic")
		} else {
			c.proof(s)
			s.some("revocation", c.Revocation)
		}
		s.some("id", quoted(c.RemoteID))
	})
	switch {
	case !c.Auth.xauth() || c.Auth == Hybrid:
	case client:
		s.within("local-xauth", func() { c.user(s) })
	case gateway:
		s.within("remote-xauth", func() { s.set("auth", "xauth-generic") })
	}
}

// proof writes the method of the first round.
func (c Connection) proof(s *settings) {
	if c.Auth.certificates() {
		s.set("auth", "pubkey")
	} else {
		s.set("auth", "psk")
	}
}

// ownCertificates names those that the daemon shows.
func (c Connection) ownCertificates(s *settings) {
	var own []string
	for name := range c.Files {
		if file, is := strings.CutPrefix(name, "x509/"); is && c.Auth.certificates() {
			own = append(own, file)
		}
	}
	slices.Sort(own)
	s.some("certs", strings.Join(own, ","))
}

func (c Connection) user(s *settings) {
	s.set("auth", "xauth-generic")
	s.set("xauth_id", quoted(c.User))
}

func (c Connection) child(s *settings, t Traffic) {
	s.within(t.Name, func() {
		s.some("local_ts", t.LocalTS)
		s.some("remote_ts", t.RemoteTS)
		switch {
		case c.AH != "":
			s.set("ah_proposals", c.AH)
		case t.ESP != "":
			s.set("esp_proposals", t.ESP)
		default:
			s.set("esp_proposals", c.ESP)
		}
		s.seconds("rekey_time", c.RekeyChild, time.Hour)
		s.set("rand_time", "0s")
		s.limit("bytes", c.RekeyBytes)
		s.limit("packets", c.RekeyPackets)
		s.flag("ipcomp", c.IPComp)
		s.some("dpd_action", c.DPDAction)
		if c.Transport {
			s.set("mode", "transport")
		}
		if c.Trap {
			s.set("start_action", "trap")
		}
	})
}

func (c Connection) secrets(s *settings) {
	if c.Key != "" {
		s.within("ike", func() { s.set("secret", quoted(c.Key)) })
	}
	for i, k := range c.Keys {
		s.within(fmt.Sprint("ike-", i), func() {
			for j, id := range k.IDs {
				s.set(fmt.Sprint("id-", j), quoted(id))
			}
			s.set("secret", quoted(k.Key))
		})
	}
	if c.User != "" {
		s.within("xauth", func() {
			s.set("id", quoted(c.User))
			s.set("secret", quoted(c.Password))
		})
	}
}

func (c Connection) pool(s *settings) {
	s.set("addrs", c.Pool)
	s.some("dns", join(c.DNS))
	s.some("split_include", join(c.SplitInclude))
}

// address returns an address in strongSwan's words.
func address(a netip.Addr) string {
	if !a.IsValid() {
		return "%any"
	}
	return a.String()
}

// quoted returns a text as one value; empty stays empty.
func quoted(text string) string {
	if text == "" {
		return ""
	}
	return `"` + text + `"`
}

func join[T fmt.Stringer](all []T) string {
	words := make([]string, len(all))
	for i, one := range all {
		words[i] = one.String()
	}
	return strings.Join(words, ",")
}
