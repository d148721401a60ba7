// Not Go code: it pins the module that holds the schemas of Istio's resources.
module equipment-rental/manifests

go 1.22

require istio.io/api v1.28.0
