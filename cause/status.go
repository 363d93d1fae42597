package cause

import "net/http"

// OfStatus names an HTTP status on its own. None below 300; a 401 reads as rejected
// credentials: the caller knows whether any were sent, and says [AuthMissing] if not.
func OfStatus(code int) Cause {
	switch code {
	case http.StatusUnauthorized:
		return AuthRejected
	case http.StatusForbidden:
		return Forbidden
	case http.StatusNotFound:
		return NotFound
	case http.StatusProxyAuthRequired:
		return ProxyError
	case http.StatusTooManyRequests:
		return RateLimited
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return GatewayError
	}
	switch {
	case code < 300:
		return None
	case code >= 500 && code < 600:
		return ServerError
	}
	return Unknown
}
