// Package house holds no code: the house plan beside it, house_test.go, says
// which room may import which, and fails when a wall is broken.
package house
