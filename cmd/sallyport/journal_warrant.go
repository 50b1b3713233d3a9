package main

import "sallyport/ike"

// codeWarrant codes what the ends of an ISAKMP SA were let in by.
func codeWarrant(c *coder, v *ike.SavedWarrant) {
	number(c, &v.IDType)
	octets(c, &v.Data)
	octets(c, &v.Proof)
	c.text(&v.Own, &v.User, &v.Local)
}
