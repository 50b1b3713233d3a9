package wire

import "testing"

// TestAuthMethods holds what every method is made of.
func TestAuthMethods(t *testing.T) {
	type facts struct {
		base              AuthMethod
		preShared, signed bool
		word              string
	}
	want := map[AuthMethod]facts{
		AuthPSK:                    {AuthPSK, true, false, "pre-share"},
		AuthDSS:                    {AuthDSS, false, true, "dss-signature"},
		AuthRSA:                    {AuthRSA, false, true, "rsa-signature"},
		AuthRSAEncryption:          {AuthRSAEncryption, false, false, "digital-envelope"},
		AuthRSARevised:             {AuthRSARevised, false, false, "digital-envelope"},
		AuthECDSA256:               {AuthECDSA256, false, true, "ecdsa-signature"},
		AuthECDSA384:               {AuthECDSA384, false, true, "ecdsa-signature"},
		AuthECDSA521:               {AuthECDSA521, false, true, "ecdsa-signature"},
		AuthHybridInitRSA:          {AuthRSA, false, true, "rsa-signature"},
		AuthHybridRespRSA:          {AuthRSA, false, true, "rsa-signature"},
		AuthHybridInitDSS:          {AuthDSS, false, true, "dss-signature"},
		AuthHybridRespDSS:          {AuthDSS, false, true, "dss-signature"},
		AuthXAUTHInitPSK:           {AuthPSK, true, false, "pre-share"},
		AuthXAUTHRespPSK:           {AuthPSK, true, false, "pre-share"},
		AuthXAUTHInitDSS:           {AuthDSS, false, true, "dss-signature"},
		AuthXAUTHRespDSS:           {AuthDSS, false, true, "dss-signature"},
		AuthXAUTHInitRSA:           {AuthRSA, false, true, "rsa-signature"},
		AuthXAUTHRespRSA:           {AuthRSA, false, true, "rsa-signature"},
		AuthXAUTHInitRSAEncryption: {AuthRSAEncryption, false, false, "digital-envelope"},
		AuthXAUTHRespRSAEncryption: {AuthRSAEncryption, false, false, "digital-envelope"},
		AuthXAUTHInitRSARevised:    {AuthRSARevised, false, false, "digital-envelope"},
		AuthXAUTHRespRSARevised:    {AuthRSARevised, false, false, "digital-envelope"},
		0:                          {0, false, false, ""},
		6:                          {6, false, false, ""},
		65011:                      {65011, false, false, ""},
	}
	for a := range authNames {
		if _, ok := want[a]; !ok {
			t.Errorf("no facts about %v", a)
		}
	}
	for a, want := range want {
		got := facts{a.Base(), a.IsPreShared(), a.IsSignature(), a.Word()}
		if got != want {
			t.Errorf("%v is %+v, want %+v", a, got, want)
		}
	}
}
