package probetest

import (
	"io"
	"net"
	"net/http"
	"net/http/httputil"
)

// A Proxy is an HTTP proxy's handler that leads every request to one server.
type Proxy struct {
	To string // ip:port
}

// ServeHTTP implements [http.Handler].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		forward := httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Host = p.To }}
		forward.ServeHTTP(w, r)
		return
	}
	to, err := net.Dial("tcp", p.To)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer to.Close()
	w.WriteHeader(http.StatusOK)
	from, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer from.Close()
	go func() {
		io.Copy(to, buffered) // a first byte may have been read already
		to.Close()
	}()
	io.Copy(from, to)
}
