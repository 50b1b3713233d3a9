// Package seed holds the configurations of the project's first scenario: two
// gateways, FW_A and FW_B, as an engineer would type them. The demo runs them;
// it is the only importer.
package seed

import _ "embed"

// The two gateways' configurations.
var (
	//go:embed fw_a.cfg
	FWA string
	//go:embed fw_b.cfg
	FWB string
)
