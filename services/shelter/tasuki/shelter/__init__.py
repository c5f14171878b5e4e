"""Emergency profiles: card-less lookup and the shelter desk."""
