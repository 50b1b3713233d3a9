package wire

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// numberFiles are where the numbers are.
var numberFiles = []string{"numbers.go", "numbersdoi.go", "numberscfg.go"}

// declared returns, for each type of numbers, its constants and the keys of its
// names.
func declared(t *testing.T) (constants, named map[string][]string) {
	t.Helper()
	constants, named = map[string][]string{}, map[string][]string{}
	for _, file := range numberFiles {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GenDecl:
				if n.Tok == token.CONST {
					addConstants(t, constants, n)
				}
			case *ast.CompositeLit:
				addNamed(named, n)
			}
			return true
		})
	}
	return constants, named
}

func addConstants(t *testing.T, constants map[string][]string, d *ast.GenDecl) {
	t.Helper()
	for _, s := range d.Specs {
		v := s.(*ast.ValueSpec)
		of, ok := v.Type.(*ast.Ident)
		if !ok {
			t.Errorf("%s has no type", v.Names[0].Name)
			continue
		}
		for _, name := range v.Names {
			constants[of.Name] = append(constants[of.Name], name.Name)
		}
	}
}

func addNamed(named map[string][]string, l *ast.CompositeLit) {
	index, ok := l.Type.(*ast.IndexExpr)
	if !ok || index.X.(*ast.Ident).Name != "names" {
		return
	}
	of := index.Index.(*ast.Ident).Name
	for _, e := range l.Elts {
		named[of] = append(named[of], e.(*ast.KeyValueExpr).Key.(*ast.Ident).Name)
	}
}

func TestEveryNumberHasAName(t *testing.T) {
	constants, named := declared(t)
	if len(constants) != 24 {
		t.Errorf("%d types of numbers, want 24", len(constants))
	}
	for of, list := range constants {
		have := strings.Join(named[of], " ") + " "
		for _, c := range list {
			if !strings.Contains(" "+have, " "+c+" ") {
				t.Errorf("%s %s has no name", of, c)
			}
		}
		if len(list) != len(named[of]) {
			t.Errorf("%s: %d numbers, %d names", of, len(list), len(named[of]))
		}
	}
}

// TestNamesDiffer finds a name that was copied and not changed.
func TestNamesDiffer(t *testing.T) {
	checkDiffer(t, exchangeNames)
	checkDiffer(t, flagNames)
	checkDiffer(t, payloadNames)
	checkDiffer(t, protocolNames)
	checkDiffer(t, isakmpTransformNames)
	checkDiffer(t, attributeNames)
	checkDiffer(t, attribute2Names)
	checkDiffer(t, encryptionNames)
	checkDiffer(t, hashNames)
	checkDiffer(t, authNames)
	checkDiffer(t, groupNames)
	checkDiffer(t, lifeNames)
	checkDiffer(t, encapsulationNames)
	checkDiffer(t, authenticationNames)
	checkDiffer(t, esnNames)
	checkDiffer(t, espNames)
	checkDiffer(t, ahNames)
	checkDiffer(t, ipcompNames)
	checkDiffer(t, idNames)
	checkDiffer(t, certNames)
	checkDiffer(t, notifyNames)
	checkDiffer(t, cfgTypeNames)
	checkDiffer(t, cfgAttributeNames)
	checkDiffer(t, xauthMethodNames)
}

func checkDiffer[T ~uint8 | ~uint16 | ~uint32](t *testing.T, n names[T]) {
	t.Helper()
	seen := map[string]T{}
	for v, name := range n {
		if other, ok := seen[name]; ok || name == "" || !printable(name) {
			t.Errorf("%d and %d are both %q", v, other, name)
		}
		seen[name] = v
	}
}

func TestNames(t *testing.T) {
	for _, test := range []struct {
		of   interface{ String() string }
		want string
	}{
		{MainMode, "Main"}, {QuickMode, "Quick"}, {ExchangeType(77), "77"},
		{FlagEncrypted, "E"}, {Flags(0), "0"},
		{PayloadNATD, "NAT-D"}, {PayloadSignature, "SIG"}, {PayloadType(99), "99"},
		{ProtoESP, "esp"}, {ProtocolID(9), "9"},
		{KeyIKE, "ike"}, {AttrPRF, "prf"}, {AttributeType(400), "400"},
		{Attr2ESN, "esn"}, {AttributeType2(10), "10"},
		{EncAES, "aes-cbc"}, {HashSHA512, "sha2-512"}, {AuthPSK, "psk"}, {AuthMethod(6), "6"},
		{Group14, "modp2048"}, {Group21, "ecp521"}, {Group(99), "99"},
		{LifeSeconds, "seconds"}, {EncapUDPTunnel, "udp-tunnel"}, {HMACSHA256, "hmac-sha2-256"}, {Authentication(10), "10"},
		{ESN64, "esn"}, {ESPAESGCM16, "aes-gcm16"}, {AHSHA256, "sha2-256"}, {IPCompLZS, "lzs"},
		{IDKeyID, "key-id"}, {CertCRL, "crl"}, {NoProposalChosen, "NO-PROPOSAL-CHOSEN"}, {NotifyType(9999), "9999"},
		{CfgReply, "reply"}, {CfgType(5), "5"}, {XAUTHAnswer, "xauth-answer"}, {CfgAttributeType(16), "16"}, {XAUTHSKEY, "s/key"},
		{Cookie{0xab}, "ab00000000000000"}, {MessageID(0x1f), "0000001f"},
	} {
		if got := test.of.String(); got != test.want {
			t.Errorf("%T(%d).String() = %q, want %q", test.of, test.of, got, test.want)
		}
	}
}

func TestIsError(t *testing.T) {
	for n, want := range map[NotifyType]bool{InvalidPayloadType: true, UnequalPayloadLengths: true, Connected: false, RUThere: false, 16383: true} {
		if got := n.IsError(); got != want {
			t.Errorf("%v.IsError() = %t, want %t", n, got, want)
		}
	}
}
