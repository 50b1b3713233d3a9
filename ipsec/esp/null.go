package esp

// nullSealer only authenticates: RFC 2410. There is no IV.
type nullSealer struct{ *authenticator }

func (s *nullSealer) seal(packet []byte) error {
	covered, icv := s.split(packet)
	copy(icv, s.compute(covered))
	return nil
}

// nullOpener is the other side of a nullSealer.
type nullOpener struct{ *authenticator }

func (o *nullOpener) open(packet []byte) ([]byte, bool) {
	covered, ok := o.verify(packet)
	if !ok {
		return nil, false
	}
	return covered[headerLen:], true
}
