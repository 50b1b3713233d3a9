package commands

import "sallyport/commands/grammar"

// sha2Row is `ipsec authentication sha2 compatible enable`. Without it SHA2-256 has the 128-bit ICV of
// RFC 4868, which current peers have; with it the 96 bits of older ones. Peers agree on neither: a
// peer of the other sort drops every packet.
func sha2Row() grammar.Row[Config] {
	return grammar.Setting(grammar.Path[Config]("ipsec", helpIPsec, "authentication", "Authentication of packets", "sha2", "SHA2-256",
		"compatible", "With peers that cut it to 96 bits, as old equipment does; without this command it has the 128 bits of RFC 4868"),
		grammar.Flag("enable", "Turn it on", func(c *Config) *bool { return &c.SHA2Short })).Check(checks(checkSHA2))
}

func checkSHA2(e *edit, c *Config) error {
	if c.SHA2Short {
		e.warn("SHA2-256 is cut to 96 bits from now on: peers that follow RFC 4868 drop every packet of it.")
	}
	return nil
}
