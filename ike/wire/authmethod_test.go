package wire

import "testing"

// TestAuthMethods holds what every method is made of.
func TestAuthMethods(t *testing.T) {
	type facts struct {
		base                                   AuthMethod
		xauth, asks, hybrid, preShared, signed bool
		word                                   string
	}
	want := map[AuthMethod]facts{
		AuthPSK:                    {AuthPSK, false, false, false, true, false, "pre-share"},
		AuthDSS:                    {AuthDSS, false, false, false, false, true, "dss-signature"},
		AuthRSA:                    {AuthRSA, false, false, false, false, true, "rsa-signature"},
		AuthRSAEncryption:          {AuthRSAEncryption, false, false, false, false, false, "digital-envelope"},
		AuthRSARevised:             {AuthRSARevised, false, false, false, false, false, "digital-envelope"},
		AuthECDSA256:               {AuthECDSA256, false, false, false, false, true, "ecdsa-signature"},
		AuthECDSA384:               {AuthECDSA384, false, false, false, false, true, "ecdsa-signature"},
		AuthECDSA521:               {AuthECDSA521, false, false, false, false, true, "ecdsa-signature"},
		AuthHybridInitRSA:          {AuthRSA, true, true, true, false, true, "rsa-signature"},
		AuthHybridRespRSA:          {AuthRSA, true, false, true, false, true, "rsa-signature"},
		AuthHybridInitDSS:          {AuthDSS, true, true, true, false, true, "dss-signature"},
		AuthHybridRespDSS:          {AuthDSS, true, false, true, false, true, "dss-signature"},
		AuthXAUTHInitPSK:           {AuthPSK, true, true, false, true, false, "pre-share"},
		AuthXAUTHRespPSK:           {AuthPSK, true, false, false, true, false, "pre-share"},
		AuthXAUTHInitDSS:           {AuthDSS, true, true, false, false, true, "dss-signature"},
		AuthXAUTHRespDSS:           {AuthDSS, true, false, false, false, true, "dss-signature"},
		AuthXAUTHInitRSA:           {AuthRSA, true, true, false, false, true, "rsa-signature"},
		AuthXAUTHRespRSA:           {AuthRSA, true, false, false, false, true, "rsa-signature"},
		AuthXAUTHInitRSAEncryption: {AuthRSAEncryption, true, true, false, false, false, "digital-envelope"},
		AuthXAUTHRespRSAEncryption: {AuthRSAEncryption, true, false, false, false, false, "digital-envelope"},
		AuthXAUTHInitRSARevised:    {AuthRSARevised, true, true, false, false, false, "digital-envelope"},
		AuthXAUTHRespRSARevised:    {AuthRSARevised, true, false, false, false, false, "digital-envelope"},
		0:                          {0, false, false, false, false, false, ""},
		6:                          {6, false, false, false, false, false, ""},
		65011:                      {65011, false, false, false, false, false, ""},
	}
	for a := range authNames {
		if _, ok := want[a]; !ok {
			t.Errorf("no facts about %v", a)
		}
	}
	for a, want := range want {
		got := facts{a.Base(), a.HasXAUTH(), a.AsksInitiator(), a.IsHybrid(), a.IsPreShared(), a.IsSignature(), a.Word()}
		if got != want {
			t.Errorf("%v is %+v, want %+v", a, got, want)
		}
	}
}
