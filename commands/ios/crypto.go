package ios

import (
	"strings"
)

// isakmpPolicy opens a policy. A new one gets IOS's defaults, which its
// configuration does not show; RSA signatures are among them.
func isakmpPolicy(c *Context, args []string) ([]string, error) {
	open := "ike proposal " + args[0]
	if c.Exists("ike proposal", args[0]) {
		return []string{open}, nil
	}
	return []string{open, "encryption-algorithm des", "authentication-algorithm sha1", "dh group1", "authentication-method rsa-signature"}, nil
}

// ciphers and hashes are phase 1's.
var (
	ciphers = map[string]string{
		"des": "des", "3des": "3des", "aes": "aes-128", "aes 128": "aes-128", "aes 192": "aes-192", "aes 256": "aes-256",
	}
	hashes = map[string]string{
		"md5": "md5", "sha": "sha1", "sha256": "sha2-256", "sha384": "sha2-384", "sha512": "sha2-512",
	}
)

func cipher(_ *Context, args []string) ([]string, error) {
	word := ciphers[strings.ToLower(strings.Join(args, " "))]
	if word == "" {
		return nil, refuse("The encryption %s is not known; use des, 3des or aes 128|192|256.", strings.Join(args, " "))
	}
	return []string{"encryption-algorithm " + word}, nil
}

func hash(_ *Context, args []string) ([]string, error) {
	word := hashes[strings.ToLower(args[0])]
	if word == "" {
		return nil, refuse("The hash %s is not known; use md5, sha, sha256, sha384 or sha512.", args[0])
	}
	return []string{"authentication-algorithm " + word}, nil
}

// keepalive is IOS's dead peer detection, which is on demand unless the line says
// otherwise.
func keepalive(_ *Context, args []string) ([]string, error) {
	lines := []string{"ike dpd type on-demand", "ike dpd idle-time " + args[0]}
	for _, arg := range args[1:] {
		switch {
		case isNumber(arg):
			lines = append(lines, "ike dpd retransmit-interval "+arg)
		case isPrefix("periodic", strings.ToLower(arg)) || strings.EqualFold(arg, "periodic"):
			lines[0] = "ike dpd type periodic"
		case !isPrefix("on-demand", strings.ToLower(arg)) && !strings.EqualFold(arg, "on-demand"):
			return nil, refuse("%s is not known; use periodic or on-demand.", arg)
		}
	}
	return lines, nil
}

// mainModeAlone is what holds here as long as no peer says otherwise.
func mainModeAlone(c *Context, _ []string) ([]string, error) {
	if peers := c.Aggressive(); len(peers) > 0 {
		return nil, refuse("The mode is each peer's own, and ike peer %s has aggressive mode: there, undo exchange-mode.", strings.Join(peers, ", "))
	}
	return nil, nil
}

// refused is a line that says something for all peers that here each peer says.
func refused(reason string) func(*Context, []string) ([]string, error) {
	return func(*Context, []string) ([]string, error) { return nil, refuse("%s", reason) }
}

// transforms are the words of a transform set: what they set of an ipsec proposal.
var transforms = map[string]struct{ protocol, line string }{
	"ah-md5-hmac":     {"ah", "ah authentication-algorithm md5"},
	"ah-sha-hmac":     {"ah", "ah authentication-algorithm sha1"},
	"ah-sha256-hmac":  {"ah", "ah authentication-algorithm sha2-256"},
	"ah-sha384-hmac":  {"ah", "ah authentication-algorithm sha2-384"},
	"ah-sha512-hmac":  {"ah", "ah authentication-algorithm sha2-512"},
	"esp-null":        {"esp", "undo esp encryption-algorithm"},
	"esp-des":         {"esp", "esp encryption-algorithm des"},
	"esp-3des":        {"esp", "esp encryption-algorithm 3des"},
	"esp-aes":         {"esp", "esp encryption-algorithm aes-128"},
	"esp-aes 128":     {"esp", "esp encryption-algorithm aes-128"},
	"esp-aes 192":     {"esp", "esp encryption-algorithm aes-192"},
	"esp-aes 256":     {"esp", "esp encryption-algorithm aes-256"},
	"esp-gcm":         {"esp", "esp encryption-algorithm aes-128-gcm-128"},
	"esp-gcm 128":     {"esp", "esp encryption-algorithm aes-128-gcm-128"},
	"esp-gcm 256":     {"esp", "esp encryption-algorithm aes-256-gcm-128"},
	"esp-md5-hmac":    {"esp", "esp authentication-algorithm md5"},
	"esp-sha-hmac":    {"esp", "esp authentication-algorithm sha1"},
	"esp-sha256-hmac": {"esp", "esp authentication-algorithm sha2-256"},
	"esp-sha384-hmac": {"esp", "esp authentication-algorithm sha2-384"},
	"esp-sha512-hmac": {"esp", "esp authentication-algorithm sha2-512"},
}

// transformSet opens a proposal and sets all of it: what the line does not name,
// the set has not.
func transformSet(_ *Context, args []string) ([]string, error) {
	settings := map[string]string{"encryption": "undo esp encryption-algorithm", "authentication": "undo esp authentication-algorithm"}
	protocols := map[string]bool{}
	for i := 1; i < len(args); i++ {
		word := strings.ToLower(args[i])
		if i+1 < len(args) && isNumber(args[i+1]) {
			i++
			word += " " + args[i]
		}
		t, ok := transforms[word]
		if !ok {
			return nil, refuse("The transform %s is not known.", word)
		}
		protocols[t.protocol] = true
		settings[aspect(t.line)] = t.line
	}
	return proposalLines(args[0], protocols, settings), nil
}

// aspect is what a line of a proposal sets.
func aspect(line string) string {
	switch {
	case strings.HasPrefix(line, "ah"):
		return "ah"
	case strings.Contains(line, "encryption"):
		return "encryption"
	}
	return "authentication"
}

func proposalLines(name string, protocols map[string]bool, settings map[string]string) []string {
	lines := []string{"ipsec proposal " + name}
	switch {
	case protocols["ah"] && protocols["esp"]:
		lines = append(lines, "transform ah-esp", settings["ah"])
	case protocols["ah"]:
		return append(lines, "transform ah", settings["ah"])
	default:
		lines = append(lines, "transform esp")
	}
	return append(lines, settings["encryption"], settings["authentication"])
}

func isNumber(text string) bool { return strings.Trim(text, "0123456789") == "" }

// setPeer names the peer at a place, and makes it if there is none.
func setPeer(c *Context, args []string) ([]string, error) {
	if c.Has("ike-peer") {
		return nil, refuse("The entry has a peer already: a second address is a second remote-address of that ike peer.")
	}
	if name := c.PeerAt(args[0]); name != "" {
		return []string{"ike-peer " + name}, nil
	}
	name, number, ok := mapEntry(c.View)
	if !ok {
		return nil, refuse("The peer %s has no key yet: crypto isakmp key KEY address %s.", args[0], args[0])
	}
	peer, lines, err := openPeer(c, args[0])
	if err != nil {
		return nil, err
	}
	return append(lines, "ipsec policy "+name+" "+number+" isakmp", "ike-peer "+peer), nil
}

// mapEntry reads name and number of an entry off its view: the name may have
// hyphens.
func mapEntry(view string) (name, number string, ok bool) {
	entry, ok := strings.CutPrefix(view, "ipsec-policy-isakmp-")
	at := strings.LastIndexByte(entry, '-')
	if !ok || at < 0 {
		return "", "", false
	}
	return entry[:at], entry[at+1:], true
}

func setTransforms(_ *Context, args []string) ([]string, error) {
	return []string{"proposal " + strings.Join(args, " ")}, nil
}

func setPFS(_ *Context, args []string) ([]string, error) {
	number, ok := strings.CutPrefix(strings.ToLower(args[0]), "group")
	if !ok {
		return nil, refuse("The group %s is not known; use group14.", args[0])
	}
	return []string{"pfs dh-group" + number}, nil
}
