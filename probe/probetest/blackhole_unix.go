//go:build unix

package probetest

import (
	"net"
	"syscall"
	"time"
)

// A Blackhole is an ip:port on loopback where connecting gets no answer at all.
type Blackhole struct {
	Addr string
	Port string

	fd    int
	conns []net.Conn
}

// NewBlackhole listens without accepting and fills the queue, so that the kernel drops
// what comes after.
func NewBlackhole() *Blackhole {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		err = syscall.Listen(fd, 0)
	}
	if err != nil {
		panic("probetest: " + err.Error())
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		panic("probetest: " + err.Error())
	}
	addr := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*syscall.SockaddrInet4).Port}
	b := &Blackhole{Addr: addr.String(), fd: fd}
	_, b.Port, _ = net.SplitHostPort(b.Addr)
	for {
		conn, err := net.DialTimeout("tcp", b.Addr, 100*time.Millisecond)
		if err != nil {
			return b
		}
		b.conns = append(b.conns, conn)
	}
}

// Close gives the address back.
func (b *Blackhole) Close() {
	for _, c := range b.conns {
		c.Close()
	}
	syscall.Close(b.fd)
}
