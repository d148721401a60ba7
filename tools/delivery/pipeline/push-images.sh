#!/usr/bin/env bash
# Builds the images of all services, and pushes them only after all are built.
set -euo pipefail

image() { echo "$REGISTRY/equipmgnt-$1:$IMAGE_TAG"; }

for service in $SERVICES; do
  docker build --build-arg "SERVICE=$service" --build-arg "VERSION=$IMAGE_TAG" --tag "$(image "$service")" .
done
for service in $SERVICES; do
  docker push "$(image "$service")"
done
