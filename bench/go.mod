module amparo/bench

go 1.26.0

require amparo v0.0.0

replace amparo => ../
