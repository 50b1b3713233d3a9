package commands

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"sallyport/acl"
	"sallyport/ike"
	"sallyport/ipsec"
)

// everyDisplay is one value of each display, by the name of its golden file.
func everyDisplay() map[string]display {
	return map[string]display{
		"ike-sa":           newIKESADisplay(oddSAs(), saFilter{}),
		"ike-sa-verbose":   newIKESAVerboseDisplay(then, seedSAs(), saFilter{}),
		"ike-sa-client":    newIKESAVerboseDisplay(then, clientSAs(), saFilter{}),
		"ike-peer-full":    newIKEPeerDisplay(IKEGlobal{}, fullPeers()),
		"ike-error-info":   newIKEErrorDisplay(failures()[:3], netip.Addr{}),
		"ike-proposal":     newIKEProposalDisplay([]*IKEProposal{oddProposal(), builtIn()}),
		"ike-peer":         newIKEPeerDisplay(IKEGlobal{}, manyPeers()),
		"ike-global":       newIKEGlobalDisplay(New()),
		"ipsec-sa-brief":   newIPsecSABriefDisplay(saPairs(seedSAs(), nil, saFilter{})),
		"ipsec-sa":         newIPsecSADisplay(then, saPairs(oddSAs(), nil, saFilter{}), seedCounters),
		"ipsec-sa-manual":  newIPsecSADisplay(then, saPairs(ahSAs()[:1], manualSAs(), saFilter{Policy: "m"}), seedCounters),
		"ipsec-duration":   newDurationDisplay(New().Lifetime),
		"ipsec-statistics": newIPsecStatisticsDisplay(ipsec.Statistics{}, 1, []ipsec.Fault{{Name: "XfrmInNoStates", Packets: 3, Meaning: "no SA has the SPI"}}),
		"ipsec-proposal":   newIPsecProposalDisplay(oddProposals()),
		"ipsec-policy":     newPolicyDisplay(oddPolicies(), "", 0),
		"acl":              newACLsDisplay([]*acl.ACL{oddACL()}),
		"version":          newVersionDisplay(About{Version: "0.1.0", Dataplane: "user", Started: established, Now: then}),
		"ike-offline-info": newIKEOfflineDisplay(offlines(), netip.Addr{}),
		"ipsec-history":    newIPsecHistoryDisplay(histories(), netip.Addr{}),
		"logbuffer":        newLogBufferDisplay(newLogging(), (&fakeLogs{}).LogBuffer(), logFilter{Size: 512, Level: LogDebugging}),
		"info-center":      newInfoCenterDisplay(newLogging(), (&fakeLogs{}).LogBuffer(), (&fakeLogs{}).LogServers()),
		"debugging":        newDebuggingDisplay([]DebugSwitch{{Kind: DebugIKEError, Remote: there}, {Kind: DebugIPsecMisc}}),
		"ping":             pingDisplay{Host: pinged, Sent: 2, Received: 1, Min: 6, Max: 6, Total: 6},
	}
}

// The names of a display's fields are a promise: a change of theirs is a change
// of the golden files.
func TestDisplaysAsJSON(t *testing.T) {
	for name, d := range everyDisplay() {
		t.Run(name, func(t *testing.T) {
			b, err := json.MarshalIndent(d, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "display/json/"+name+".json", string(b)+"\n")
			if strings.Contains(string(b), sampleKey) {
				t.Errorf("a pre-shared key is in the JSON of %s", name)
			}
		})
	}
}

func TestDisplayFieldsAreNamed(t *testing.T) {
	name := regexp.MustCompile(`^(-|[a-z0-9]+(_[a-z0-9]+)*)$`)
	for _, d := range everyDisplay() {
		eachField(reflect.TypeOf(d), func(of reflect.Type, f reflect.StructField) {
			if tag := f.Tag.Get("json"); f.IsExported() && !name.MatchString(tag) {
				t.Errorf("%v.%s has the name %q", of, f.Name, tag)
			}
		})
	}
}

// eachField calls f for every field of the displays' own structs in typ.
func eachField(typ reflect.Type, f func(of reflect.Type, field reflect.StructField)) {
	switch typ.Kind() {
	case reflect.Slice, reflect.Pointer:
		eachField(typ.Elem(), f)
	case reflect.Struct:
		if typ.PkgPath() != reflect.TypeFor[ikeSADisplay]().PkgPath() {
			return
		}
		for field := range typ.NumField() {
			f(typ, typ.Field(field))
			eachField(typ.Field(field).Type, f)
		}
	}
}

// Whatever there is to show, no list of a display is null in JSON.
func TestEmptyDisplaysHaveEmptyLists(t *testing.T) {
	for name, d := range map[string]display{
		"ike sa":         newIKESADisplay(nil, saFilter{}),
		"ike sa verbose": newIKESAVerboseDisplay(then, nil, saFilter{}),
		"ike error-info": newIKEErrorDisplay(nil, netip.Addr{}),
		"ike proposal":   newIKEProposalDisplay(nil),
		"ike peer":       newIKEPeerDisplay(IKEGlobal{}, nil),
		"ipsec sa brief": newIPsecSABriefDisplay(saPairs(nil, nil, saFilter{})),
		"ipsec sa":       newIPsecSADisplay(then, saPairs([]ike.Status{}, nil, saFilter{}), seedCounters),
		"ipsec proposal": newIPsecProposalDisplay(nil),
		"ipsec policy":   newPolicyDisplay(New(), "", 0),
		"acl all":        newACLsDisplay(nil),
		"ike offline":    newIKEOfflineDisplay(nil, netip.Addr{}),
		"ipsec history":  newIPsecHistoryDisplay(nil, netip.Addr{}),
		"logbuffer":      newLogBufferDisplay(newLogging(), LogBuffer{}, logFilter{}),
		"info-center":    newInfoCenterDisplay(newLogging(), LogBuffer{}, nil),
		"debugging":      newDebuggingDisplay(nil),
	} {
		b, err := json.Marshal(d)
		if err != nil || strings.Contains(string(b), "null") || !strings.Contains(string(b), "[]") {
			t.Errorf("%s = %s, %v, want an empty list", name, b, err)
		}
	}
}

// A text ends with one line feed, holds nothing that a terminal acts on, and no
// line of it ends with a space.
func TestDisplayTexts(t *testing.T) {
	for name, d := range everyDisplay() {
		text := d.text()
		if !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") {
			t.Errorf("%s ends with %q", name, text[max(0, len(text)-5):])
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }); i >= 0 {
			t.Errorf("%s holds %q", name, text[i])
		}
		if strings.Contains(text, " \n") {
			t.Errorf("%s has a line that ends with a space:\n%s", name, text)
		}
		if strings.Contains(text, sampleKey) {
			t.Errorf("a pre-shared key is in %s", name)
		}
	}
}
