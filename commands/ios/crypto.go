package ios

import (
	"strings"
)

// isakmpPolicy opens a policy. A new one gets IOS's defaults, which its
// configuration does not show.
func isakmpPolicy(c *Context, args []string) ([]string, error) {
	open := "ike proposal " + args[0]
	if c.Exists("ike proposal", args[0]) {
		return []string{open}, nil
	}
	return []string{open, "encryption-algorithm des", "authentication-algorithm sha1", "dh group1"}, nil
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

// key makes the peer of an address, or gives it a key.
func key(c *Context, args []string) ([]string, error) {
	key, address := args[0], args[1]
	if len(args) == 3 && args[2] != "255.255.255.255" || address == "0.0.0.0" {
		return nil, refuse("A key for a whole network has no counterpart; state one key for each peer.")
	}
	lines := openPeer(c, address)
	return append(lines, "pre-shared-key cipher "+key, "quit"), nil
}

func typedKey(c *Context, args []string) ([]string, error) {
	if args[0] != "0" {
		return nil, refuse("A key that IOS has encrypted cannot be read; state it in clear.")
	}
	return key(c, args[1:])
}

// openPeer opens the peer with an address. A new one is named after it and speaks
// what ISAKMP is: IKEv1.
func openPeer(c *Context, address string) []string {
	if name := c.PeerAt(address); name != "" {
		return []string{"ike peer " + name}
	}
	return []string{"ike peer " + address, "undo version 2", "remote-address " + address}
}

func noKey(c *Context, args []string) ([]string, error) {
	name := c.PeerAt(args[1])
	if name == "" {
		return nil, refuse("There is no key for %s.", args[1])
	}
	return []string{"ike peer " + name, "undo pre-shared-key", "quit"}, nil
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

// setPeer names the peer with an address, and makes it if there is none.
func setPeer(c *Context, args []string) ([]string, error) {
	if c.Has("ike-peer") {
		return nil, refuse("The entry has a peer already, and no place for a second one.")
	}
	if name := c.PeerAt(args[0]); name != "" {
		return []string{"ike-peer " + name}, nil
	}
	name, number, ok := mapEntry(c.View)
	if !ok {
		return nil, refuse("The peer %s has no key yet: crypto isakmp key KEY address %s.", args[0], args[0])
	}
	return append(openPeer(c, args[0]), "ipsec policy "+name+" "+number+" isakmp", "ike-peer "+args[0]), nil
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
