package main

import (
	"fmt"
	"time"

	"sallyport/commands"
	"sallyport/ipsec"
)

// logIncomplete says in one line which policies are applied and, since this configuration, not complete:
// a script is not warned, and their traffic may leave in clear. The caller holds the lock.
func (d *device) logIncomplete(c *commands.Config) {
	now := make(map[ipsec.PolicyID]bool)
	var news []commands.IncompletePolicy
	for _, p := range c.Incomplete() {
		now[p.ID] = true
		if !d.incomplete[p.ID] {
			news = append(news, p)
		}
	}
	d.incomplete = now
	if len(news) == 0 {
		return
	}
	text := news[0].String()
	if more := len(news) - 1; more > 0 {
		text += fmt.Sprintf("; and %d more policies are not complete: display ipsec policy", more)
	}
	d.logs.add(time.Now(), entry{kind: ipsecIncomplete, text: text, own: true})
}
