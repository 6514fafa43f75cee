-- Where a number became a key after its records were there, fractions had been rounded on the way and were not found again.
-- Such properties are no keys from now on, until they are used as one again; what was kept of them is never asked for.

DELETE FROM key_property AS used
WHERE key IN (
    'years_of_experience', 'facebook_likes', 'linkedin_followers', 'twitter_followers', 'employee_count', 'founded_year',
    'estimated_annual_revenue', 'arr', 'valuation', 'market_cap', 'funding_raised', 'last_funding_amount', 'deal_value',
    'likelihood_to_close', 'aum', 'fund_size', 'check_size', 'investment_amount', 'amount', 'duration_minutes'
)
OR EXISTS (
    SELECT FROM property
    WHERE team_id = used.team_id AND object_type = used.object_type AND type = 'num'
        AND used.key = CASE WHEN list_id IS NULL THEN slug ELSE list_id::text || '/' || slug END
);
