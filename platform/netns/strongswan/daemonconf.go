package strongswan

import (
	"cmp"
	"fmt"
	"time"
)

// A daemonConf is what a daemon's strongswan.conf depends on.
type daemonConf struct {
	dir    string // for the daemon's files
	kernel bool   // ESP is the kernel's, not the daemon's own
	c      Connection
}

// plugins returns the few that the connection needs. Of those that reach for the
// kernel the first does the SAs; after libipsec, netlink only sets routes.
func (d daemonConf) plugins() string {
	list := "random nonce openssl aes sha1 sha2 md5 hmac gcm kdf gmp"
	if len(d.c.Files) > 0 {
		list += " pem pkcs1 pkcs7 pkcs8 pkcs12 x509 revocation constraints pubkey curl"
	}
	if !d.kernel {
		list += " kernel-libipsec"
	}
	list += " kernel-netlink socket-default"
	if d.c.Auth.xauth() {
		list += " xauth-generic"
	}
	if d.c.modeConfig() {
		list += " unity attr resolve"
	}
	return list + " vici"
}

// modeConfig reports whether addresses are given or asked for.
func (c Connection) modeConfig() bool { return c.Pool != "" || len(c.VIPs) > 0 }

// text returns the file.
func (d daemonConf) text() string {
	var s settings
	s.within("charon", func() { d.charon(&s) })
	s.within("swanctl", func() {
		if len(d.c.Files) > 0 {
			s.set("load", "random openssl pem pkcs1 pkcs7 pkcs8 pkcs12 x509")
		} else {
			s.set("load", "random openssl")
		}
	})
	return s.text.String()
}

func (d daemonConf) charon(s *settings) {
	s.set("load_modular", "no")
	s.set("load", d.plugins())
	r := d.c.Retransmit
	s.set("retransmit_timeout", fmt.Sprintf("%.3f", cmp.Or(r.Timeout, time.Second).Seconds()))
	s.set("retransmit_tries", fmt.Sprint(cmp.Or(r.Tries, 4)))
	s.set("retransmit_base", fmt.Sprint(cmp.Or(r.Base, 1.5)))
	s.count("fragment_size", uint64(d.c.FragmentSize))
	s.flag("cisco_unity", d.c.modeConfig())
	s.flag("i_dont_care_about_security_and_use_aggressive_mode_psk", d.c.Aggressive && !d.c.Auth.certificates())
	for _, line := range d.c.MoreDaemon {
		s.line(line)
	}
	s.within("filelog", func() { s.within("main", func() { d.log(s) }) })
	s.within("plugins", func() { d.pluginSettings(s) })
}

// log writes what goes into the log.
func (d daemonConf) log(s *settings) {
	s.set("path", d.dir+"/charon.log")
	s.set("flush_line", "yes")
	s.set("time_format", "%H:%M:%S")
	s.set("time_add_ms", "yes")
	if d.c.Quiet {
		s.set("default", "-1")
		return
	}
	s.set("default", "1")
	s.set("ike", "2")
	s.set("chd", "2")
}

func (d daemonConf) pluginSettings(s *settings) {
	s.within("vici", func() { s.set("socket", "unix://"+d.dir+"/vici") })
	s.within("kernel-libipsec", func() {
		s.set("load", "yes")
		s.flag("allow_peer_ts", d.c.CoversPeer)
	})
	if d.c.CoversPeer {
		s.within("socket-default", func() { s.set("fwmark", mark) })
		s.within("kernel-netlink", func() { s.set("fwmark", "!"+mark) })
	}
	if d.c.modeConfig() {
		s.within("resolve", func() {
			s.set("file", d.dir+"/"+resolver)
			s.within("resolvconf", func() { s.set("path", d.dir+"/none") }) // or it writes the host's file by that program
		})
	}
}

// mark is on the packets of IKE and of encapsulated ESP, which then leave the
// tunnel's routes aside.
const mark = "0x42"

// resolver is the file, of the daemon's directory, of the name servers that it is
// told by mode config.
const resolver = "resolv.conf"
