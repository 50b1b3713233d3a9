package main

import "sallyport/commands"

// A logKind is a kind of log line: how grave it is and what it can be searched
// for. There is one for everything that the program has to say.
type logKind int

// The kinds. docs/logs.md lists them.
const (
	systemNotice logKind = iota // what has no other kind
	systemUp
	systemEnding
	systemPanic
	logKeptBack
	logLost
	loopOverload
	loopTrouble
	configFault
	configWeak
	configCommitted
	shellLogin
	shellLogout
	shellCommand
	shellTrouble
	shellFailed
	sshFailed
	sshBlocked
	sshRefused
	ikeSAUp
	ikeSADown
	ikeNegotiationFailed
	ikeNoAnswer
	ikeRefused
	ikeNotified
	ikeNotifiedInClear
	ikeMessage
	ikePacket
	ikeRepeated
	ikeVendors
	ikeGiven
	ikeGivenBack
	ikeGivenUnused
	ipsecSAUp
	ipsecSADown
	ipsecAcquire
	ipsecExpired
	ipsecMoved
	ipsecInClear
	ipsecNotInClear
	ipsecIncomplete
	pkiFault
	pkiExpired
	pkiExpiresWeek
	pkiExpiresMonth
	logKinds // how many there are
)

// A logName is what a line of a kind begins with, and what it means.
type logName struct {
	module   string
	severity commands.Severity
	mnemonic string
	meaning  string
}

// catalogue has the name of every kind.
var catalogue = [logKinds]logName{
	systemNotice:         {"SYSTEM", commands.LogNotification, "SYS_NOTICE", "Anything of the program's own that has no name below."},
	systemUp:             {"SYSTEM", commands.LogNotification, "SYS_UP", "The gateway works."},
	systemEnding:         {"SYSTEM", commands.LogNotification, "SYS_ENDING", "The gateway is told to end."},
	systemPanic:          {"SYSTEM", commands.LogCritical, "SYS_PANIC", "A fault in the program. What it was working on is dropped, the rest goes on."},
	logKeptBack:          {"IC", commands.LogWarning, "IC_KEPT_BACK", "More lines of one kind came within a second than are logged."},
	logLost:              {"IC", commands.LogWarning, "IC_LOST", "Standard error is not read fast enough; lines were lost there."},
	loopOverload:         {"IKE", commands.LogWarning, "IKE_OVERLOAD", "A queue was full; what came last was dropped."},
	loopTrouble:          {"IKE", commands.LogError, "IKE_TROUBLE", "The system refused to send or receive, or the dataplane an order."},
	configFault:          {"CFM", commands.LogWarning, "CFM_FAULT", "A line of a configuration file was refused, or the file is not as it should be."},
	configWeak:           {"CFM", commands.LogWarning, "CFM_WEAK", "A line of the start-up file is a weak choice, as a terminal would be told; said once at each start."},
	configCommitted:      {"CFM", commands.LogNotification, "CFM_COMMIT", "The configuration was changed otherwise than by a line that a user entered."},
	shellLogin:           {"SHELL", commands.LogNotification, "SHELL_LOGIN", "A user has logged in."},
	shellLogout:          {"SHELL", commands.LogNotification, "SHELL_LOGOUT", "A user has left."},
	shellCommand:         {"SHELL", commands.LogNotification, "CMDRECORD", "A user has entered a command. Keys in it are masked."},
	shellFailed:          {"SHELL", commands.LogWarning, "LOGIN_FAIL", "Somebody could not prove at a console who he is."},
	shellTrouble:         {"SHELL", commands.LogWarning, "SHELL_TROUBLE", "A console could not be served."},
	sshFailed:            {"SSH", commands.LogWarning, "SSH_FAIL", "Somebody could not prove over SSH who he is."},
	sshBlocked:           {"SSH", commands.LogWarning, "SSH_BLOCKED", "An address is shut out for a while, for it has guessed too often."},
	sshRefused:           {"SSH", commands.LogWarning, "SSH_REFUSED", "A connection was refused before any proof: too many, or the address may not come in."},
	ikeSAUp:              {"IKE", commands.LogWarning, "IKE_SA_UP", "Phase 1 is done: an ISAKMP SA is there."},
	ikeSADown:            {"IKE", commands.LogWarning, "IKE_SA_DOWN", "An ISAKMP SA is gone, and why."},
	ikeNegotiationFailed: {"IKE", commands.LogWarning, "IKE_NEGO_FAIL", "A negotiation failed, and why."},
	ikeNoAnswer:          {"IKE", commands.LogWarning, "IKE_NO_ANSWER", "A peer did not answer."},
	ikeRefused:           {"IKE", commands.LogInformational, "IKE_MSG_REFUSED", "A message was refused; anybody can send one."},
	ikeNotified:          {"IKE", commands.LogInformational, "IKE_NOTIFY", "An authenticated notification of a peer's."},
	ikeNotifiedInClear:   {"IKE", commands.LogDebugging, "IKE_NOTIFY_CLEAR", "A notification that proves nothing and is not acted on."},
	ikeMessage:           {"IKE", commands.LogDebugging, "IKE_MESSAGE", "`debugging ike message`, `--trace`: a message and its payloads."},
	ikePacket:            {"IKE", commands.LogDebugging, "IKE_PACKET", "`debugging ike packet`: a message's header."},
	ikeVendors:           {"IKE", commands.LogDebugging, "IKE_VENDOR", "`debugging ike misc`, `--trace`: vendor IDs of a peer's that mean nothing here. They are ignored."},
	ikeRepeated:          {"IKE", commands.LogDebugging, "IKE_REPEAT", "`debugging ike transport`, `--trace`: a message was sent again."},
	ikeGiven:             {"IKE", commands.LogNotification, "IKE_ADDR_GIVEN", "A gateway gives us an address, by mode configuration, and what comes with it."},
	ikeGivenBack:         {"IKE", commands.LogNotification, "IKE_ADDR_GONE", "An address that a gateway gave us is ours no longer."},
	ikeGivenUnused:       {"IKE", commands.LogError, "IKE_ADDR_UNUSED", "An address that a gateway gives us is not put on an interface, and why. What there is with the gateway ends."},
	ipsecSAUp:            {"IPSEC", commands.LogWarning, "IPSEC_SA_UP", "Phase 2 is done: a pair of IPsec SAs is there."},
	ipsecSADown:          {"IPSEC", commands.LogWarning, "IPSEC_SA_DOWN", "A pair of IPsec SAs is gone, and why."},
	ipsecAcquire:         {"IPSEC", commands.LogDebugging, "IPSEC_ACQUIRE", "`debugging ipsec packet`: a packet that has no SA."},
	ipsecExpired:         {"IPSEC", commands.LogDebugging, "IPSEC_EXPIRED", "`debugging ipsec misc`: an SA has come to one of its limits."},
	ipsecMoved:           {"IPSEC", commands.LogDebugging, "IPSEC_MOVED", "`debugging ipsec misc`: a peer behind a NAT has another address."},
	pkiFault:             {"PKI", commands.LogWarning, "PKI_FAULT", "A key, certificate or revocation list counts for nothing, and why."},
	pkiExpired:           {"PKI", commands.LogError, "PKI_EXPIRED", "A certificate or revocation list has expired; said each day."},
	pkiExpiresWeek:       {"PKI", commands.LogWarning, "PKI_EXPIRES_SOON", "A certificate expires within seven days; said each day."},
	pkiExpiresMonth:      {"PKI", commands.LogNotification, "PKI_EXPIRES", "A certificate expires within 30 days; said each day."},
	ipsecInClear:         {"IPSEC", commands.LogCritical, "IPSEC_FALLBACK_CLEAR", "`fallback clear`: a peer does not answer, and a policy's traffic goes UNPROTECTED from now on."},
	ipsecNotInClear:      {"IPSEC", commands.LogCritical, "IPSEC_FALLBACK_END", "A policy's traffic does not go in clear any more."},
	ipsecIncomplete:      {"IPSEC", commands.LogError, "IPSEC_INCOMPLETE", "A policy that is applied is not complete: what it lacks, and what becomes of its traffic. Said when it becomes so."},
}

// name returns what lines of the kind begin with.
func (k logKind) name() logName { return catalogue[k] }

// line makes a log line of a text, which may be from anywhere.
func (k logKind) line(text string) commands.LogLine {
	n := k.name()
	return commands.LogLine{Module: n.module, Severity: n.severity, Mnemonic: n.mnemonic, Text: printable(text)}
}
