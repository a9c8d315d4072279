module wit_component

go 1.27

require go.bytecodealliance.org/pkg v0.2.3

// It comes out of the generator of the bindings, so that no module has to be downloaded.
replace go.bytecodealliance.org/pkg => ./runtime
