package probe

// SetDNSPort makes nameservers listen elsewhere than at port 53, which tests cannot have.
func (p *Prober) SetDNSPort(port string) { p.dnsPort = port }
