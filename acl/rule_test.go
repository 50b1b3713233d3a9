package acl

import "testing"

func TestRuleString(t *testing.T) {
	lan, branch := net("172.20.4.0", 8), net("10.77.8.0", 8)
	for _, test := range []struct {
		rule Rule
		want string
	}{
		{Rule{}, "rule 0 deny ip"},
		{Rule{ID: 5, Action: Permit}, "rule 5 permit ip"},
		{
			Rule{ID: 5, Action: Permit, Source: lan, Destination: branch},
			"rule 5 permit ip source 172.20.4.0 0.0.0.255 destination 10.77.8.0 0.0.0.255",
		},
		{
			Rule{ID: 10, Protocol: TCP, Destination: Host(nobody), DestinationPort: Ports{Op: Eq, Low: 80}},
			"rule 10 deny tcp destination 203.0.113.9 0 destination-port eq www",
		},
		{
			Rule{ID: 15, Action: Permit, Protocol: UDP, SourcePort: Ports{Op: Eq, Low: 1701}, Description: "not shown"},
			"rule 15 permit udp source-port eq 1701",
		},
		{
			Rule{ID: 20, Action: Permit, Protocol: UDP, Source: lan, DestinationPort: Ports{Op: Eq, Low: 53}},
			"rule 20 permit udp source 172.20.4.0 0.0.0.255 destination-port eq dns",
		},
		{Rule{ID: MaxID, Action: Permit, Protocol: 132}, "rule 4294967294 permit 132"},
		{Rule{ID: 25, Action: Permit, Protocol: 47, Source: Host(pcA), Destination: Host(pcB)}, "rule 25 permit gre source 10.1.1.5 0 destination 10.1.2.7 0"},
	} {
		if got := test.rule.String(); got != test.want {
			t.Errorf("String() = %q, want %q", got, test.want)
		}
	}
}

func TestRuleLineOfBasicList(t *testing.T) {
	r := Rule{ID: 5, Action: Permit, Source: net("172.20.4.0", 8)}
	if got, want := r.Line(Basic), "rule 5 permit source 172.20.4.0 0.0.0.255"; got != want {
		t.Errorf("Line(Basic) = %q, want %q", got, want)
	}
	if got, want := (Rule{ID: 10}).Line(Basic), "rule 10 deny"; got != want {
		t.Errorf("Line(Basic) = %q, want %q", got, want)
	}
}

func TestRuleMatchesProtocolAndPorts(t *testing.T) {
	www := Rule{Protocol: TCP, DestinationPort: Ports{Op: Eq, Low: 80}}
	both := Rule{Protocol: UDP, SourcePort: Ports{Op: Gt, Low: 1023}, DestinationPort: Ports{Op: Lt, Low: 1024}}
	for _, test := range []struct {
		name  string
		rule  Rule
		tuple Tuple
		want  bool
	}{
		{"any of any", Rule{}, Tuple{Protocol: 200}, true},
		{"protocol", Rule{Protocol: 47}, Tuple{Protocol: 47}, true},
		{"another protocol", Rule{Protocol: 47}, Tuple{Protocol: 50}, false},
		{"fragment of a protocol", Rule{Protocol: TCP}, Tuple{Protocol: TCP, Fragment: true}, true},
		{"port", www, Tuple{Protocol: TCP, DestinationPort: 80}, true},
		{"another port", www, Tuple{Protocol: TCP, DestinationPort: 81}, false},
		{"port of a fragment", www, Tuple{Protocol: TCP, DestinationPort: 80, Fragment: true}, false},
		{"both ports", both, Tuple{Protocol: UDP, SourcePort: 1024, DestinationPort: 1023}, true},
		{"only the source port", both, Tuple{Protocol: UDP, SourcePort: 1024, DestinationPort: 1024}, false},
		{"only the destination port", both, Tuple{Protocol: UDP, SourcePort: 1023, DestinationPort: 1023}, false},
		{"ports of what has none", Rule{DestinationPort: Ports{Op: Lt, Low: 9}}, Tuple{Protocol: 1}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.rule.matches(1, 2, &test.tuple); got != test.want {
				t.Errorf("%v matches %+v: %v, want %v", test.rule, test.tuple, got, test.want)
			}
		})
	}
}

func TestActionString(t *testing.T) {
	var zero Action
	if zero.String() != "deny" || Permit.String() != "permit" {
		t.Errorf("actions are %v and %v, want deny and permit", zero, Permit)
	}
}
