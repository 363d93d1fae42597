package probe

import (
	"errors"
	"net"
	"net/http"
	"sync/atomic"
)

const (
	// maxFields bounds the fields of an answer's header: each takes some 200 bytes, however
	// short it is, and all endpoints are asked at once.
	maxFields = 10000

	// maxField is the length up to which a field is looked at, in bytes: challenges and
	// the locations of signed redirects have some kilobytes.
	maxField = 16 << 10

	// maxLines is how many lines of one name are looked at.
	maxLines = 100
)

// lookedAt are the fields that a walk makes use of.
var lookedAt = []string{
	"Age", "Content-Type", "Date", "Docker-Content-Digest", "Docker-Distribution-Api-Version",
	"Location", "Ratelimit-Limit", "Ratelimit-Remaining", "Retry-After", "Www-Authenticate",
}

// kept is what is made use of in an answer's header, which may be long and is kept as long
// as the walk.
func kept(header http.Header) http.Header {
	short := http.Header{}
	for _, name := range lookedAt {
		lines := header[name]
		for _, line := range lines[:min(len(lines), maxLines)] {
			if len(line) <= maxField {
				short[name] = append(short[name], line)
			}
		}
	}
	return short
}

var errTooManyFields = errors.New("server response header has too many fields")

// A headerConn gives up a connection whose peer sends a header of too many fields.
type headerConn struct {
	net.Conn
	asked  atomic.Bool // since the last answer was read
	inBody bool        // after the empty line, until the next request
	empty  bool        // the line so far
	lines  int         // since the header began
	at     int         // bytes of the header, up to the class of its status
	class  byte        // the first digit of the status
}

// Write begins a new header: net/http sends the next request after the answer to the last.
func (c *headerConn) Write(b []byte) (int, error) {
	c.asked.Store(true)
	return c.Conn.Write(b)
}

func (c *headerConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.asked.Swap(false) {
		c.inBody, c.empty, c.lines, c.at = false, false, 0, 0
	}
	for _, char := range b[:n] {
		if c.inBody {
			break
		}
		c.count(char)
	}
	if c.lines > maxFields {
		return 0, errTooManyFields
	}
	return n, err
}

// count follows the header to its end, and on through those before it that only announce
// that there will be one (RFC 9110, section 15.2).
func (c *headerConn) count(char byte) {
	if c.at < len("HTTP/1.1 1") {
		c.at, c.class = c.at+1, char
	}
	switch char {
	case '\n':
		c.inBody = c.empty && c.class != '1'
		if c.empty {
			c.at = 0
		}
		c.empty = !c.empty
		c.lines++
	case '\r':
	default:
		c.empty = false
	}
}
