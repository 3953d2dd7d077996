"""Commands that judge a dial plan as a whole: findings, claims, differences, what each zone may do."""
