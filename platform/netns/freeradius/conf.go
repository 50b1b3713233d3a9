package freeradius

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// A Config is what a server knows. Texts may have blanks and whatever else but
// single quotes, backslashes and line ends.
type Config struct {
	Address netip.AddrPort // where it listens, of its namespace; everybody may ask
	Secret  string         // shared with everybody
	Users   []User
}

// A User is somebody whom the server lets in. What is zero is not sent.
type User struct {
	Name, Password string
	Code           string        // asked for in a second round, by a challenge; empty: there is none
	Address        netip.Addr    // Framed-IP-Address
	Netmask        netip.Addr    // Framed-IP-Netmask
	Class          string        // Class
	Session        time.Duration // Session-Timeout, in whole seconds
	Message        string        // Reply-Message
}

// nobody is whom no configuration knows.
const nobody = "nobody of this configuration"

// state is what the server remembers a challenge by; prompt is its text.
const (
	state  = "asked for the code"
	prompt = "code"
)

// conf returns the server's whole configuration. A request without a
// Message-Authenticator is not answered, and every answer has one, which the
// releases of Debian 12 send only if they are told to.
func (c Config) conf(dir string) string {
	return fmt.Sprintf(`name = kit
prefix = /usr
libdir = /usr/lib/freeradius
raddbdir = %[1]s
logdir = %[1]s
run_dir = /run
pidfile = /run/radiusd.pid
hostname_lookups = no
proxy_requests = no
log {
  destination = files
  file = %[1]s/radius.log
  auth = yes
}
security {
  reject_delay = 0
  status_server = no
}
thread pool {
  start_servers = 1
  max_servers = 4
  min_spare_servers = 1
  max_spare_servers = 2
  max_requests_per_server = 0
}
client everybody {
  ipaddr = *
  secret = %[2]s
  require_message_authenticator = yes
}
modules {
  pap {
  }
  always handled {
    rcode = handled
  }
  files {
    usersfile = %[1]s/users
  }
}
server kit {
  listen {
    type = auth
    ipaddr = %[3]s
    port = %[4]d
  }
  authorize {
    files
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
      if (ok && &control:Tmp-String-0) {
        update control {
          &Response-Packet-Type := Access-Challenge
        }
        handled
      }
    }
  }
  post-auth {
%[5]s    Post-Auth-Type REJECT {
      update {
        reply: !* ANY
      }
%[5]s    }
    Post-Auth-Type Challenge {
%[5]s    }
  }
}
`, dir, quote(c.Secret), c.Address.Addr(), c.Address.Port(), authenticator)
}

// authenticator has the server fill one in.
const authenticator = "      update reply {\n        Message-Authenticator := 0x00\n      }\n"

// users returns the file of users: a line of what a request must have and what is
// done with it, and indented lines of what the answer has.
func (c Config) users() string {
	var b strings.Builder
	for _, u := range c.Users {
		if u.Code == "" {
			u.entry(&b, fmt.Sprintf("Cleartext-Password := %s", quote(u.Password)), u.reply())
			continue
		}
		// The first entry that fits counts.
		u.entry(&b, fmt.Sprintf("State == %s, Cleartext-Password := %s", quote(state), quote(u.Code)), u.reply())
		u.entry(&b, fmt.Sprintf("Cleartext-Password := %s, Tmp-String-0 := 'challenge'", quote(u.Password)),
			[]string{"State = " + quote(state), "Reply-Message = " + quote(prompt)})
	}
	return b.String()
}

func (u User) entry(b *strings.Builder, check string, reply []string) {
	fmt.Fprintf(b, "%s %s\n", quote(u.Name), check)
	if len(reply) > 0 {
		fmt.Fprintf(b, "\t%s\n", strings.Join(reply, ",\n\t"))
	}
}

// reply returns the attributes of an acceptance.
func (u User) reply() (all []string) {
	add := func(is bool, attribute string, value any) {
		if is {
			all = append(all, fmt.Sprintf("%s = %v", attribute, value))
		}
	}
	add(u.Address.IsValid(), "Framed-IP-Address", u.Address)
	add(u.Netmask.IsValid(), "Framed-IP-Netmask", u.Netmask)
	add(u.Class != "", "Class", quote(u.Class))
	add(u.Session != 0, "Session-Timeout", int(u.Session/time.Second))
	add(u.Message != "", "Reply-Message", quote(u.Message))
	return all
}

// quote writes a text that the server does not look for variables in.
func quote(text string) string { return "'" + text + "'" }
