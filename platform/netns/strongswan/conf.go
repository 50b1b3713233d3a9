package strongswan

import (
	"fmt"
	"net/netip"
	"time"
)

// Names of the connection and its child in strongSwan's configuration.
const (
	connection = "tunnel"
	child      = "net"
)

// A Connection is the one tunnel that a daemon is configured for: IKEv1, main
// mode, pre-shared key. Proposals are in strongSwan's words, several of them
// separated by commas.
type Connection struct {
	Local, Remote     netip.Addr
	LocalTS, RemoteTS string        // protected traffic, such as 10.1.0.0/24 or 10.1.0.0/24[tcp]
	IKE               string        // such as aes128-sha1-modp2048
	ESP               string        // such as aes128-sha1; with -modp2048 for PFS
	Key               string        // the pre-shared key
	RekeyIKE          time.Duration // when to rekey, and offered as lifetime; zero: one day
	RekeyChild        time.Duration // zero: one hour
	Quiet             bool          // log nothing, for measurements
}

// conf returns the connection as swanctl.conf. Nothing happens by itself:
// neither start-up nor traffic brings the tunnel up.
func (c Connection) conf() string {
	return fmt.Sprintf(`connections {
  %s {
    version = 1
    local_addrs = %s
    remote_addrs = %s
    proposals = %s
    rekey_time = %ds
    rand_time = 0s
    over_time = 60s
    local {
      auth = psk
    }
    remote {
      auth = psk
    }
    children {
      %s {
        local_ts = %s
        remote_ts = %s
        esp_proposals = %s
        rekey_time = %ds
        rand_time = 0s
      }
    }
  }
}
secrets {
  ike {
    secret = "%s"
  }
}
`, connection, c.Local, c.Remote, c.IKE, seconds(c.RekeyIKE, 24*time.Hour),
		child, c.LocalTS, c.RemoteTS, c.ESP, seconds(c.RekeyChild, time.Hour), c.Key)
}

func seconds(d, zero time.Duration) int {
	if d == 0 {
		d = zero
	}
	return int(d / time.Second)
}

// A daemonConf is what a daemon's strongswan.conf depends on.
type daemonConf struct {
	dir    string // for the daemon's files
	quiet  bool   // log nothing
	kernel bool   // ESP is the kernel's, not the daemon's own
}

// plugins returns the few that a pre-shared key and ESP need. Of those that
// reach for the kernel the first does the SAs; after libipsec, netlink only sets
// routes.
func (d daemonConf) plugins() string {
	const common = "random nonce openssl aes sha1 sha2 md5 hmac gcm kdf gmp "
	if d.kernel {
		return common + "kernel-netlink socket-default vici"
	}
	return common + "kernel-libipsec kernel-netlink socket-default vici"
}

// levels returns what the log is told.
func (d daemonConf) levels() string {
	if d.quiet {
		return "default = -1"
	}
	return "default = 1\n      ike = 2\n      chd = 2"
}

// text returns the file.
func (d daemonConf) text() string {
	return fmt.Sprintf(`charon {
  load_modular = no
  load = %[3]s
  retransmit_timeout = 1.0
  retransmit_tries = 4
  retransmit_base = 1.5
  filelog {
    main {
      path = %[1]s/charon.log
      flush_line = yes
      time_format = %%H:%%M:%%S
      time_add_ms = yes
      %[2]s
    }
  }
  plugins {
    vici {
      socket = unix://%[1]s/vici
    }
    kernel-libipsec {
      load = yes
    }
  }
}
swanctl {
  load = random openssl
}
`, d.dir, d.levels(), d.plugins())
}
