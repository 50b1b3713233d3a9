package ipsec

// OtherICVFault returns the fault that packets of SAs whose Counters say OtherICV were
// refused.
func OtherICVFault(packets uint64) Fault {
	return Fault{
		Name: "OtherICV", Packets: packets,
		Meaning: "every packet of an SA fails its ICV, as where the peer cuts SHA2-256 to the other length (96 or 128 bits): " +
			"set or undo ipsec authentication sha2 compatible enable",
	}
}
